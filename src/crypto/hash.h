// Sha256: incremental and in one call; Sha512, incremental; and Sha1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace aileron::crypto {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  Sha256& Update(std::string_view bytes);
  // Once; the object is used up.
  Digest Finish();

 private:
  alignas(8) unsigned char state_[112];
};

Digest Hash(std::string_view bytes);

using Digest512 = std::array<std::uint8_t, 64>;

class Sha512 {
 public:
  Sha512();
  Sha512& Update(std::string_view bytes);
  // Once; the object is used up.
  Digest512 Finish();

 private:
  alignas(8) unsigned char state_[216];
};

// Where it protects nothing: the handshake of WebSocket (RFC 6455 §4.2.2), and Java's trust stores.
// Of pieces that follow each other.
std::array<std::uint8_t, 20> Sha1(std::initializer_list<std::string_view> pieces);
std::array<std::uint8_t, 20> Sha1(std::string_view bytes);

inline std::string_view AsText(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// In time that does not depend on where they differ.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace aileron::crypto
