#include "crypto/hash.h"

// The plain functions: they use the processor's SHA instructions, and keep their state in our
// memory instead of an allocated context.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <new>

#include "base/result.h"

namespace aileron::crypto {

static_assert(sizeof(SHA256_CTX) <= 112 && alignof(SHA256_CTX) <= 8);
static_assert(sizeof(SHA512_CTX) <= 216 && alignof(SHA512_CTX) <= 8);

namespace {

SHA256_CTX* State(unsigned char* bytes) {
  return std::launder(reinterpret_cast<SHA256_CTX*>(bytes));
}

SHA512_CTX* State512(unsigned char* bytes) {
  return std::launder(reinterpret_cast<SHA512_CTX*>(bytes));
}

}  // namespace

Sha256::Sha256() { AILERON_CHECK(SHA256_Init(new (state_) SHA256_CTX) == 1); }

Sha256& Sha256::Update(std::string_view bytes) {
  AILERON_CHECK(SHA256_Update(State(state_), bytes.data(), bytes.size()) == 1);
  return *this;
}

Digest Sha256::Finish() {
  Digest digest;
  AILERON_CHECK(SHA256_Final(digest.data(), State(state_)) == 1);
  return digest;
}

Digest Hash(std::string_view bytes) { return Sha256().Update(bytes).Finish(); }

Sha512::Sha512() { AILERON_CHECK(SHA512_Init(new (state_) SHA512_CTX) == 1); }

Sha512& Sha512::Update(std::string_view bytes) {
  AILERON_CHECK(SHA512_Update(State512(state_), bytes.data(), bytes.size()) == 1);
  return *this;
}

Digest512 Sha512::Finish() {
  Digest512 digest;
  AILERON_CHECK(SHA512_Final(digest.data(), State512(state_)) == 1);
  return digest;
}

std::array<std::uint8_t, 20> Sha1(std::initializer_list<std::string_view> pieces) {
  std::array<std::uint8_t, 20> digest;
  static_assert(sizeof digest == SHA_DIGEST_LENGTH);
  SHA_CTX state;
  bool done = SHA1_Init(&state) == 1;
  for (const std::string_view piece : pieces)
    done = done && SHA1_Update(&state, piece.data(), piece.size()) == 1;
  AILERON_CHECK(done && SHA1_Final(digest.data(), &state) == 1);
  return digest;
}

std::array<std::uint8_t, 20> Sha1(std::string_view bytes) { return Sha1({bytes}); }

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace aileron::crypto
