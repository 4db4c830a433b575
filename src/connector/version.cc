#include "connector/version.h"

#include <string.h>

#include <string>

namespace aileron::connector {

namespace {

int Compare(std::string_view one, std::string_view other) {
  return strverscmp(std::string(one).c_str(), std::string(other).c_str());
}

}  // namespace

bool IsOlder(std::string_view one, std::string_view other) {
  const auto without_build = [](std::string_view text) { return text.substr(0, text.find('+')); };
  one = without_build(one);
  other = without_build(other);
  const std::string_view first = one.substr(0, one.find('-'));
  const std::string_view second = other.substr(0, other.find('-'));
  if (const int order = Compare(first, second); order != 0) return order < 0;
  const bool final_one = first.size() == one.size(), final_other = second.size() == other.size();
  if (final_one != final_other) return final_other;
  return Compare(one, other) < 0;
}

}  // namespace aileron::connector
