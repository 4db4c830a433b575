// A person's changes of a question's arguments, before they say yes: as flags, as JSON, or in an
// editor. Values only; the daemon checks them again.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "modes/api.h"
#include "modes/terminal.h"

namespace aileron::modes {

// NAME=VALUE of --set, typed as the question's inputs say; an array has a --set for each item.
// kInvalid names the argument, and what may be changed.
Result<Json> EditsFromFlags(const Json& approval, std::span<const std::string> settings);
// A JSON object of --args. kInvalid names an argument that may not be changed.
Result<Json> EditsFromJson(const Json& approval, std::string_view text);

// What an editor is given: an object of all arguments that may be changed, null where none is
// given. What a terminal would not show as it is, is escaped.
std::string EditableText(const Json& approval);
// What is different in `text`, which came from an editor.
Result<Json> EditsFromText(const Json& approval, std::string_view text);

// Old and new value of what `edits` changes, one line each.
std::string DifferenceText(const Json& approval, const Json& edits, Colour colour);

}  // namespace aileron::modes
