// Small questions about text that several rooms ask. Bytes in, bytes out; ASCII rules only, since
// protocols have no locale.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron {

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string ToLower(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::string_view Trim(std::string_view text, std::string_view chars = " \t\r\n");
// "a,,b" gives three parts. Never an empty vector.
std::vector<std::string_view> Split(std::string_view text, char separator);
std::string Join(std::span<const std::string> parts, std::string_view separator);

// How many bytes at the end of `text` may be the beginning of `wanted`: less than all of it.
std::size_t BeginningAtEnd(std::string_view text, std::string_view wanted);

// The whole of `text` as a decimal number, or nothing: no sign for unsigned types, no blanks.
template <typename Integer>
std::optional<Integer> ParseInteger(std::string_view text) {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return value;
}

std::string HexEncode(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> HexDecode(std::string_view text);

enum class Base64 { kStandard, kUrl };  // RFC 4648 §4 (padded) and §5 (not padded)
std::string Base64Encode(std::string_view bytes, Base64 alphabet = Base64::kStandard);
std::optional<std::string> Base64Decode(std::string_view text, Base64 alphabet = Base64::kStandard);

// RFC 3986 §2.1, everything but unreserved characters.
std::string PercentEncode(std::string_view bytes);
std::optional<std::string> PercentDecode(std::string_view text);

// The candidate nearest to a mistyped word, or nothing when none is near enough to be meant.
std::optional<std::string_view> NearestWord(std::string_view word,
                                            std::span<const std::string_view> candidates);

// For a POSIX shell, in single quotes: one argument, whatever it holds.
std::string SingleQuoted(std::string_view text);
// The same, with quotes only where there has to be some.
std::string ShellQuoted(std::string_view text);

// Its beginning of at most `most` bytes, which ends between two characters of UTF-8.
std::string_view BeginningOf(std::string_view text, std::size_t most);

bool IsUtf8(std::string_view text);  // RFC 3629 §4

// Text of a stranger, safe to show: nothing in it moves a cursor, turns or hides its neighbours, or
// is invisible. ASCII control characters and invalid UTF-8 become \xNN, such characters \uNNNN or
// \UNNNNNNNN. Printable text comes back as it is.
std::string Printable(std::string_view text);

}  // namespace aileron
