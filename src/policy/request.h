// Request: one request, as a person writes it.
//
//   request = METHOD blank URL              GET https://api.example.com/user
//   url     = scheme "://" host [ ":" port ] [ path ]      http, https or tcp
//
// Of the URL the query and the fragment do not count, as in rules.
// Tested by src/policy/evaluator_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/network.h"

namespace aileron::policy {

struct Request {
  std::string method;
  Protocol protocol = Protocol::kHttps;
  std::string host;  // as ParseHost spells it
  std::uint16_t port = 443;
  std::string path = "/";
};

// kInvalid shows how one is written.
Result<Request> ParseRequest(std::string_view text);
std::string Write(const Request& request);

}  // namespace aileron::policy
