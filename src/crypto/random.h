// Random bytes from the kernel's generator. Fit for keys.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace aileron::crypto {

void FillRandom(std::span<std::uint8_t> bytes);

template <std::size_t N>
std::array<std::uint8_t, N> RandomBytes() {
  std::array<std::uint8_t, N> bytes;
  FillRandom(bytes);
  return bytes;
}

// Each value below `bound` is equally likely. `bound` is not 0.
std::uint32_t RandomBelow(std::uint32_t bound);

// `length` characters, each drawn from `alphabet`. For names and look-alikes; a key is a Secret.
std::string RandomText(std::string_view alphabet, std::size_t length);

}  // namespace aileron::crypto
