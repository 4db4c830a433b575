// Problem details (RFC 9457): the body of every refusal in JSON, written and read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace aileron::http {

inline constexpr std::string_view kProblemType = "application/problem+json";

struct Problem {
  int status = 500;
  std::string title;   // the same for every problem of that code
  std::string detail;  // this one
  std::string code;    // stable: "host_not_allowed"
  std::string hint;    // what to do; may be empty
  // Members that certain clients print: "error", "message".
  std::vector<std::pair<std::string, std::string>> more;
};

// {"type":"about:blank","title":…,"status":…,"detail":…,"code":…,"hint":…}. Invalid UTF-8 is
// replaced.
std::string ProblemBody(const Problem& problem);

// Also of a body that is no problem document: then the status is all there is to tell.
Problem ReadProblem(int status, std::string_view body);

// "detail. Hint", with the Code that fits the status: 401 and 403 are kDenied, 404 kNotFound, other
// 4xx kInvalid but for 423 (vault locked) and 429, which are kUnavailable like 502 to 504.
Error ToError(const Problem& problem);

}  // namespace aileron::http
