// Aead: XChaCha20-Poly1305 with random nonces.
//
//   sealed = nonce (24 bytes) ciphertext tag (16 bytes)
//
// Random 192-bit nonces do not repeat in practice, so one key may seal any number of messages.
// `associated` is not stored: it must be the same bytes when the message is opened, which binds a
// message to its place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace aileron::crypto {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadOverhead = 24 + 16;

Secret MakeAeadKey();

// `key` has kAeadKeySize bytes.
std::string Seal(const Secret& key, std::string_view plaintext, std::string_view associated);

// kInvalid when any byte of `sealed`, `associated` or the key is not what it was. Says nothing
// more: the caller knows what it opened.
Result<Secret> Open(const Secret& key, std::string_view sealed, std::string_view associated);

}  // namespace aileron::crypto
