// A document of YAML or JSON as a tree that knows its lines.
//
// JSON is tried where a text begins with "{" or "[", and read by a JSON parser, which is many times
// faster on large files; all else is YAML. Depth, nodes and keys are bounded (limits.h). A repeated
// key is kept twice: who reads the tree says what it means.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::connector {

enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kText, kList, kMap };
std::string_view Name(Kind kind);  // "a list"

struct Node {
  Kind kind = Kind::kNull;
  int line = 0;      // from 1
  std::string key;   // where it is a member of a map
  std::string text;  // of a scalar: "true" and "false", a number as it was written
  std::vector<Node> items;

  // The first member of that name. Linear: large maps are searched by an index of their reader.
  const Node* Find(std::string_view name) const;
};

// What a YAML alias is: an error, or a copy of what its anchor marks. Copies count as nodes.
enum class Aliases { kRefused, kCopied };

// kInvalid with file and line. An empty document is a null node. `file` is for messages alone.
Result<Node> ParseDocument(std::string_view text, std::string_view file, Aliases aliases);

// What is wrong with the keys of a map: one that is not known, with the nearest that is; or one
// that stands there twice.
struct KeyFlaw {
  int line = 0;
  std::string message;
};
std::optional<KeyFlaw> CheckKeys(const Node& map, std::span<const std::string_view> known);

// A whole number that fits 64 bits is one; another number is a double.
nlohmann::json ToJson(const Node& node);

}  // namespace aileron::connector
