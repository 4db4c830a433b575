// Jsonc: JSON with comments (RFC 8259, and what editors call JSONC), every value with its place.
//
//   text    = [BOM] value
//   value   = object / array / string / number / "true" / "false" / "null"
//   object  = "{" [ member *( "," member ) [","] ] "}"       a comma may stand before the end
//   blank   = space / tab / line end / "//" to the line's end / "/*" to the next "*/"
//
// All else is as strict as RFC 8259: numbers, escapes, surrogates in pairs, no control characters
// in strings, UTF-8. A key that stands twice in an object is refused, since readers take the first,
// the last, or both; so are depth, size and counts beyond devcontainer_limits.h. Text in, values
// out.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::image {

// From 1, in characters; 0 where there is none.
struct Place {
  int line = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

enum class JsonKind : std::uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  Place place;
  std::string key;  // of an object's member
  Place key_place;
  std::string text;             // of a string; of a number, as it is written
  std::vector<JsonNode> items;  // of an array or an object, in the order of the text

  // The member of that name, or nothing.
  const JsonNode* Find(std::string_view name) const;
};

// Messages begin with "FILE:LINE:COLUMN: ". kInvalid is the only error.
Result<JsonNode> ParseJsonc(std::string_view text, std::string_view file);

nlohmann::json ToJson(const JsonNode& node);

// "an array of 3", "\"alow\"", "null": what stands there, for messages.
std::string Describe(const JsonNode& node);

// kInvalid: "FILE:LINE:COLUMN: what".
std::unexpected<Error> FailAt(std::string_view file, const Place& place, std::string_view what);

}  // namespace aileron::image
