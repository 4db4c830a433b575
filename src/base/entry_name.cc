#include "base/entry_name.h"

#include <algorithm>

#include "base/text.h"

namespace aileron {
namespace {

bool IsWordCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsPart(std::string_view part) {
  return !part.empty() && IsWordCharacter(part.front()) && std::ranges::all_of(part, [](char c) {
    return IsWordCharacter(c) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

Status CheckEntryName(std::string_view name) {
  const auto parts = Split(name.substr(0, kEntryNameMax + 1), '/');
  const bool valid = name.size() <= kEntryNameMax && (parts.size() == 2 || parts.size() == 3) &&
                     std::ranges::all_of(parts, IsPart);
  if (valid) return {};
  return Fail(
      Code::kInvalid,
      "\"{}\" is not the name of a credential: write KIND/SERVICE or KIND/SERVICE/IDENTITY in "
      "lower-case letters, digits and . _ -, for example token/github or token/github/work",
      Printable(name.substr(0, kEntryNameMax)));
}

}  // namespace aileron
