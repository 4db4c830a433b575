#include "crypto/sign.h"

#include <sodium.h>

#include "base/result.h"

namespace aileron::crypto {
namespace {

static_assert(std::tuple_size_v<PublicKey> == crypto_sign_ed25519_PUBLICKEYBYTES);
static_assert(std::tuple_size_v<Signature> == crypto_sign_ed25519_BYTES);
constexpr std::size_t kSeedSize = crypto_sign_ed25519_SEEDBYTES;

unsigned char* Writable(Secret& secret) {
  return reinterpret_cast<unsigned char*>(secret.RevealWritable().data());
}
const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

SigningKey SigningKey::Generate() {
  AILERON_CHECK(sodium_init() >= 0);
  SigningKey key;
  key.key_ = Secret::OfSize(crypto_sign_ed25519_SECRETKEYBYTES);
  AILERON_CHECK(crypto_sign_ed25519_keypair(key.public_key_.data(), Writable(key.key_)) == 0);
  return key;
}

Result<SigningKey> SigningKey::FromSeed(const Secret& seed) {
  if (seed.size() != kSeedSize) {
    return Fail(Code::kInvalid, "a signing key's seed has {} bytes, not {}", kSeedSize,
                seed.size());
  }
  SigningKey key;
  key.key_ = Secret::OfSize(crypto_sign_ed25519_SECRETKEYBYTES);
  AILERON_CHECK(crypto_sign_ed25519_seed_keypair(key.public_key_.data(), Writable(key.key_),
                                                 Bytes(seed.Reveal())) == 0);
  return key;
}

Secret SigningKey::Seed() const {
  Secret seed = Secret::OfSize(kSeedSize);
  AILERON_CHECK(crypto_sign_ed25519_sk_to_seed(Writable(seed), Bytes(key_.Reveal())) == 0);
  return seed;
}

Signature SigningKey::Sign(std::string_view message) const {
  Signature signature;
  AILERON_CHECK(crypto_sign_ed25519_detached(signature.data(), nullptr, Bytes(message),
                                             message.size(), Bytes(key_.Reveal())) == 0);
  return signature;
}

bool Verify(const PublicKey& key, std::string_view message, const Signature& signature) {
  return crypto_sign_ed25519_verify_detached(signature.data(), Bytes(message), message.size(),
                                             key.data()) == 0;
}

}  // namespace aileron::crypto
