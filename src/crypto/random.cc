#include "crypto/random.h"

#include <sodium.h>

#include "base/result.h"

namespace aileron::crypto {

void FillRandom(std::span<std::uint8_t> bytes) {
  // Also chooses libsodium's fast implementations; does nothing after the first time.
  AILERON_CHECK(sodium_init() >= 0);
  randombytes_buf(bytes.data(), bytes.size());
}

std::uint32_t RandomBelow(std::uint32_t bound) {
  AILERON_CHECK(bound != 0 && sodium_init() >= 0);
  return randombytes_uniform(bound);
}

std::string RandomText(std::string_view alphabet, std::size_t length) {
  std::string text(length, '\0');
  for (char& c : text) c = alphabet[RandomBelow(static_cast<std::uint32_t>(alphabet.size()))];
  return text;
}

}  // namespace aileron::crypto
