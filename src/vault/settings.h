// Settings: the keys below one key of a binding ("from:", "oauth2:"), as they were written, and a
// reader that leaves none unread.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace aileron::vault {

// In the order in which they stand; no key twice.
using Settings = std::vector<std::pair<std::string, std::string>>;

// What is wrong, and with which field: "header", or "from.cache".
struct FieldError {
  std::string field;
  std::string message;
};
using FieldStatus = std::expected<void, FieldError>;

class SettingsReader {
 public:
  // `settings` outlives the reader. `group` is "from".
  SettingsReader(std::string_view group, const Settings& settings)
      : group_(group), settings_(settings) {}

  std::unexpected<FieldError> Wrong(std::string_view key, std::string message) const;
  // The value of `key`, empty when there is none. An empty value is a mistake that Check tells.
  std::string Text(std::string_view key);
  bool Has(std::string_view key) const;
  // A length of time from `least` to `most`; `otherwise` when there is none.
  std::expected<Duration, FieldError> Length(std::string_view key, Duration otherwise,
                                             Duration least, Duration most);
  // One of `choices`, by place; 0 when there is none.
  std::expected<std::size_t, FieldError> Choice(std::string_view key,
                                                std::span<const std::string_view> choices);
  // That every key was read, has a value of printable ASCII, and stands there once.
  FieldStatus Check() const;

 private:
  std::string_view group_;
  const Settings& settings_;
  std::vector<std::string_view> known_;
};

}  // namespace aileron::vault
