// Which member of a JSON object stands in it twice: readers take the first, the last, or both.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aileron {

// The first name that does, in any object of the text; nothing where none does, or the text is no
// JSON. Names are compared unescaped.
std::optional<std::string> RepeatedMember(std::string_view json);

}  // namespace aileron
