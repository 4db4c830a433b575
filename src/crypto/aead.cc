#include "crypto/aead.h"

#include <sodium.h>

#include "crypto/random.h"

namespace aileron::crypto {
namespace {

constexpr std::size_t kNonceSize = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
static_assert(kAeadKeySize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kAeadOverhead == kNonceSize + crypto_aead_xchacha20poly1305_ietf_ABYTES);

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Secret MakeAeadKey() {
  Secret key = Secret::OfSize(kAeadKeySize);
  const auto bytes = key.RevealWritable();
  FillRandom({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  return key;
}

std::string Seal(const Secret& key, std::string_view plaintext, std::string_view associated) {
  AILERON_CHECK(key.size() == kAeadKeySize);
  std::string sealed(plaintext.size() + kAeadOverhead, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
  FillRandom({out, kNonceSize});
  const int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
      out + kNonceSize, nullptr, Bytes(plaintext), plaintext.size(), Bytes(associated),
      associated.size(), nullptr, out, Bytes(key.Reveal()));
  AILERON_CHECK(failed == 0);
  return sealed;
}

Result<Secret> Open(const Secret& key, std::string_view sealed, std::string_view associated) {
  AILERON_CHECK(key.size() == kAeadKeySize);
  if (sealed.size() < kAeadOverhead) return Fail(Code::kInvalid, "the sealed bytes are too few");
  // One byte more than the message: an empty message has a place to be opened into as well.
  Secret opened = Secret::OfSize(sealed.size() - kAeadOverhead + 1);
  auto* const out = reinterpret_cast<unsigned char*>(opened.RevealWritable().data());
  const std::string_view box = sealed.substr(kNonceSize);
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      out, nullptr, nullptr, Bytes(box), box.size(), Bytes(associated), associated.size(),
      Bytes(sealed), Bytes(key.Reveal()));
  if (failed != 0) {
    return Fail(Code::kInvalid,
                "the seal is broken: the bytes or the key are not the original ones");
  }
  opened.Truncate(sealed.size() - kAeadOverhead);
  return opened;
}

}  // namespace aileron::crypto
