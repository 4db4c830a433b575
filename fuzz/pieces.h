// Pieces: cuts an input at places that a seed decides, as a network would.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

namespace aileron::fuzz {

// A property that must hold; the fuzzer keeps the input that breaks it.
inline void Expect(bool holds, std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u does not hold\n", where.file_name(), unsigned{where.line()});
  std::abort();
}

class Pieces {
 public:
  explicit Pieces(std::uint8_t seed) : state_(seed * 2654435761U + 1) {}

  // The next piece's size, at least 1: mostly small, sometimes all that is left.
  std::size_t Next(std::size_t left) {
    state_ = state_ * 1664525U + 1013904223U;
    const std::uint32_t draw = state_ >> 16;
    const std::size_t size = draw % 8 == 0 ? left : 1 + draw / 8 % 17;
    return std::min(std::max<std::size_t>(size, 1), left);
  }

 private:
  std::uint32_t state_;
};

inline std::string_view AsText(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace aileron::fuzz
