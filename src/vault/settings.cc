// Tested by src/vault/credential_source_test.cc.

#include "vault/settings.h"

#include <algorithm>

#include "base/text.h"
#include "vault/limits.h"

namespace aileron::vault {

std::unexpected<FieldError> SettingsReader::Wrong(std::string_view key, std::string message) const {
  const bool group_itself = key.empty();
  return std::unexpected(FieldError{
      group_itself ? std::string(group_) : fmt::format("{}.{}", group_, key), std::move(message)});
}

bool SettingsReader::Has(std::string_view key) const {
  return std::ranges::any_of(settings_, [&](const auto& each) { return each.first == key; });
}

std::string SettingsReader::Text(std::string_view key) {
  known_.push_back(key);
  for (const auto& [name, value] : settings_) {
    if (name == key) return value;
  }
  return "";
}

std::expected<Duration, FieldError> SettingsReader::Length(std::string_view key, Duration otherwise,
                                                           Duration least, Duration most) {
  const std::string text = Text(key);
  if (text.empty()) return otherwise;
  const auto length = ParseDuration(text);
  if (!length) return Wrong(key, length.error().message);
  if (*length < least || *length > most) {
    return Wrong(key,
                 fmt::format("must be from {} to {}", FormatDuration(least), FormatDuration(most)));
  }
  return *length;
}

std::expected<std::size_t, FieldError> SettingsReader::Choice(
    std::string_view key, std::span<const std::string_view> choices) {
  const std::string text = Text(key);
  if (text.empty()) return 0;
  const auto found = std::ranges::find(choices, text);
  if (found == choices.end()) {
    return Wrong(key,
                 fmt::format("\"{}\" is none of {}", Printable(text), fmt::join(choices, ", ")));
  }
  return static_cast<std::size_t>(found - choices.begin());
}

FieldStatus SettingsReader::Check() const {
  std::vector<std::string_view> seen;
  for (const auto& [key, value] : settings_) {
    if (std::ranges::find(known_, key) == known_.end()) {
      const auto near = NearestWord(key, known_);
      return Wrong(key, fmt::format("has no place here{}",
                                    near ? fmt::format(" (did you mean {}?)", *near)
                                         : fmt::format(": {} are known", fmt::join(known_, ", "))));
    }
    if (std::ranges::find(seen, key) != seen.end()) return Wrong(key, "stands here a second time");
    seen.push_back(key);
    const bool printable = std::ranges::all_of(value, [](char c) { return c >= ' ' && c < 0x7f; });
    if (!printable || value.empty() || value.size() > limits::kSettingMax) {
      return Wrong(key,
                   fmt::format("must be 1 to {} printable ASCII characters", limits::kSettingMax));
    }
  }
  return {};
}

}  // namespace aileron::vault
