#include "crypto/kdf.h"

#include <sodium.h>

#include "crypto/aead.h"
#include "crypto/limits.h"
#include "crypto/random.h"

namespace aileron::crypto {

static_assert(std::tuple_size_v<decltype(KdfParameters::salt)> == crypto_pwhash_argon2id_SALTBYTES);
static_assert(limits::kKdfMemoryMinKib * 1024ull >= crypto_pwhash_argon2id_MEMLIMIT_MIN);
static_assert(crypto_pwhash_argon2id_OPSLIMIT_MIN == 1);

KdfParameters MakeKdfParameters(KdfCost cost) {
  return {cost.memory_kib, cost.passes, RandomBytes<16>()};
}

Status Check(const KdfParameters& parameters) {
  if (parameters.memory_kib < limits::kKdfMemoryMinKib ||
      parameters.memory_kib > limits::kKdfMemoryMaxKib) {
    return Fail(Code::kInvalid, "the key derivation asks for {} KiB of memory, outside {} to {}",
                parameters.memory_kib, limits::kKdfMemoryMinKib, limits::kKdfMemoryMaxKib);
  }
  if (parameters.passes < 1 || parameters.passes > limits::kKdfPassesMax) {
    return Fail(Code::kInvalid, "the key derivation asks for {} passes, outside 1 to {}",
                parameters.passes, limits::kKdfPassesMax);
  }
  return {};
}

Result<Secret> DeriveKey(const KdfParameters& parameters, const Secret& passphrase) {
  AILERON_TRY(Check(parameters));
  AILERON_CHECK(sodium_init() >= 0);
  Secret key = Secret::OfSize(kAeadKeySize);
  const auto out = key.RevealWritable();
  const auto text = passphrase.Reveal();
  const int failed = crypto_pwhash_argon2id(reinterpret_cast<unsigned char*>(out.data()),
                                            out.size(), text.data() ? text.data() : "", text.size(),
                                            parameters.salt.data(), parameters.passes,
                                            static_cast<std::size_t>(parameters.memory_kib) * 1024,
                                            crypto_pwhash_argon2id_ALG_ARGON2ID13);
  if (failed != 0) {
    return Fail(Code::kUnavailable,
                "cannot derive the key: {} MiB of memory are needed for a moment. Free some memory "
                "and try again",
                (parameters.memory_kib + 1023) / 1024);
  }
  return key;
}

}  // namespace aileron::crypto
