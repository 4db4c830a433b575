// What the daemon says when it says no: RFC 9457 problem details, read into an Error.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/problem.h"

namespace aileron::control {

using Problem = http::Problem;

// Also of a body that is no problem document: then the status is all there is to tell.
Problem ReadProblem(int status, std::string_view body);

// "detail. Hint", with the Code that fits the status: 401 and 403 are kDenied, 404 kNotFound, other
// 4xx kInvalid but for 423 (vault locked) and 429, which are kUnavailable like 502 to 504.
Error ToError(const Problem& problem);

}  // namespace aileron::control
