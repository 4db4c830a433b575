// Classes of bytes (RFC 9110 §5.6), one table look-up each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/text.h"

namespace aileron::http {

inline constexpr std::uint8_t kTokenChar = 1;   // tchar
inline constexpr std::uint8_t kFieldChar = 2;   // HTAB, SP, VCHAR, obs-text
inline constexpr std::uint8_t kTargetChar = 4;  // VCHAR but "#": a fragment is never sent
inline constexpr std::uint8_t kHostChar = 8;    // of a name or an IPv4 address
inline constexpr std::uint8_t kHexChar = 16;

consteval std::array<std::uint8_t, 256> MakeCharTable() {
  std::array<std::uint8_t, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    std::uint8_t bits = 0;
    if (digit || alpha || std::string_view("!#$%&'*+-.^_`|~").contains(static_cast<char>(c))) {
      bits |= kTokenChar;
    }
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) bits |= kFieldChar;
    if (c > 0x20 && c < 0x7f && c != '#') bits |= kTargetChar;
    if (digit || alpha || c == '-' || c == '.' || c == '_') bits |= kHostChar;
    if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) bits |= kHexChar;
    table[static_cast<std::size_t>(c)] = bits;
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kCharTable = MakeCharTable();

constexpr bool Is(char c, std::uint8_t kind) {
  return (kCharTable[static_cast<unsigned char>(c)] & kind) != 0;
}
constexpr bool AllAre(std::string_view text, std::uint8_t kind) {
  std::uint8_t bits = kind;
  for (const char c : text) bits &= kCharTable[static_cast<unsigned char>(c)];
  return bits == kind;
}

// Field names and tokens, compared without case. Here, so that most comparisons end at the size.
constexpr bool SameName(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

}  // namespace aileron::http
