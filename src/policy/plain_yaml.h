// PlainYaml: YAML of which a reader sees all that it says.
//
//   document = map
//   value    = scalar / list / map          block or flow style, JSON too; comments anywhere
//
// What could make the text mean something other than what stands at a place is refused, with that
// place: anchors and aliases, "<<" merge keys, tags, a second document, a key that stands twice,
// keys that are not words. So are depth and counts beyond limits.h. Each value and each key knows
// its line and column. Text in, values out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::policy {

// From 1; 0 where there is none.
struct Place {
  int line = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

enum class YamlKind : std::uint8_t { kNull, kScalar, kList, kMap };

struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  bool quoted = false;  // of a scalar: '443' is a text, 443 a number
  Place place;
  std::string key;  // of a map's member
  Place key_place;
  std::string text;             // of a scalar
  std::vector<YamlNode> items;  // of a list or a map

  // The member of that name, or nothing.
  const YamlNode* Find(std::string_view name) const;
};

// "a list of 3", "\"alow\"", "nothing": what stands there, for messages.
std::string Describe(const YamlNode& node);

// Messages begin with "FILE:LINE:COLUMN: ". An empty text is a null node.
Result<YamlNode> ParsePlainYaml(std::string_view text, std::string_view file);

// kInvalid: "FILE:LINE:COLUMN: what".
std::unexpected<Error> FailAt(std::string_view file, const Place& place, std::string_view what);

// What is said about a word that is none of `known`: `"alow" is not an action, did you mean
// "allow"?`, or what is known.
std::string Unknown(std::string_view word, std::string_view what,
                    std::span<const std::string_view> known);

}  // namespace aileron::policy
