// The flags of an operation: a command line, read as arguments.
//
//   --title TEXT  --title=TEXT     strings, integers, numbers, and objects as JSON
//   --draft  --no-draft            booleans; also --draft=true and --draft=false
//   --label a --label b            arrays, one item each
//
// An input max_results or maxResults is --max-results; its own spelling is taken too.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "connector/connector.h"

namespace aileron::connector {

// Arguments that CheckArguments takes. kInvalid names the flag, or the nearest one.
Result<nlohmann::json> ParseFlags(const Operation& operation, std::span<const std::string> words);

// The input whose flag --`flag` is, in either spelling; nothing when it is none of the operation's.
const Input* FindFlag(const Operation& operation, std::string_view flag);

// "TEXT", "NUMBER", "JSON": what stands behind the flag of a type; nothing for a boolean.
std::string_view Placeholder(Type type);

}  // namespace aileron::connector
