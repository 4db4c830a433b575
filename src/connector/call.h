// A call: the one request that an operation and its arguments mean.
//
// A value stays where it belongs: in its path segment, its query parameter, its header or its place
// in the body. Whatever bytes it holds, it cannot begin another of these. The credential is not
// here: who sends the call adds it.
//
//   target = path [ "?" name "=" value *( "&" name "=" value ) ]     names and values with
//            everything percent-encoded but unreserved characters (RFC 3986 §2.3); the items of an
//            array in one place are joined by ","
//   form   = as the query; members of objects are name[key]=value, items of arrays within objects
//            and objects within arrays name[0]=value
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "connector/connector.h"

namespace aileron::connector {

struct Call {
  std::string method;
  std::string host;  // as ParseHost spells it
  std::uint16_t port = 443;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // without Content-Type
  std::string content_type;                                  // empty: no body
  std::string body;
};

// kInvalid names the argument. `idempotency_key` goes into the header of an operation that has one:
// whoever repeats a call gives the same key again.
Result<Call> BuildCall(const Operation& operation, const nlohmann::json& arguments,
                       std::string_view idempotency_key = {});

}  // namespace aileron::connector
