#include "vault/entry_name.h"

#include <algorithm>

#include "base/text.h"
#include "vault/limits.h"

namespace aileron::vault {
namespace {

bool IsWordCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsPart(std::string_view part) {
  return !part.empty() && IsWordCharacter(part.front()) && std::ranges::all_of(part, [](char c) {
    return IsWordCharacter(c) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

Status CheckName(std::string_view name) {
  const auto parts = Split(name, '/');
  const bool valid = name.size() <= limits::kNameMax && (parts.size() == 2 || parts.size() == 3) &&
                     std::ranges::all_of(parts, IsPart);
  if (valid) return {};
  return Fail(
      Code::kInvalid,
      "\"{}\" is not the name of a credential: write KIND/SERVICE or KIND/SERVICE/IDENTITY in "
      "lower-case letters, digits and . _ -, for example token/github or token/github/work",
      Printable(name.substr(0, limits::kNameMax)));
}

std::string_view ServiceOf(std::string_view name) {
  const auto parts = Split(name, '/');
  return parts.size() > 1 ? parts[1] : name;
}

}  // namespace aileron::vault
