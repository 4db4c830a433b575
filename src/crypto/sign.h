// Ed25519 signatures.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace aileron::crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

class SigningKey {
 public:
  static SigningKey Generate();
  // From the 32 bytes that Seed() gave.
  static Result<SigningKey> FromSeed(const Secret& seed);

  Secret Seed() const;
  const PublicKey& public_key() const { return public_key_; }
  Signature Sign(std::string_view message) const;

 private:
  SigningKey() = default;
  Secret key_;
  PublicKey public_key_{};
};

bool Verify(const PublicKey& key, std::string_view message, const Signature& signature);

}  // namespace aileron::crypto
