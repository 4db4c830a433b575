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

// One value of `input` as it is written on a command line; of an array, an item. kInvalid says what
// `name`, as who wrote it calls it, must be.
Result<nlohmann::json> ParseValue(const Input& input, std::string_view name, std::string_view text);

// "TEXT", "NUMBER", "JSON": what stands behind the flag of a type; nothing for a boolean.
std::string_view Placeholder(Type type);

}  // namespace aileron::connector
