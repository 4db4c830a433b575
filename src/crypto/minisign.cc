#include "crypto/minisign.h"

#include <sodium.h>

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/text.h"
#include "crypto/limits.h"

namespace aileron::crypto {
namespace {

constexpr std::string_view kWhole = "Ed";
constexpr std::string_view kHashed = "ED";
constexpr std::string_view kUntrusted = "untrusted comment:";
constexpr std::string_view kTrusted = "trusted comment: ";
constexpr std::size_t kIdAt = 2;
constexpr std::size_t kRestAt = kIdAt + std::tuple_size_v<KeyId>;
constexpr std::size_t kKeySize = kRestAt + std::tuple_size_v<PublicKey>;
constexpr std::size_t kSignatureSize = kRestAt + std::tuple_size_v<Signature>;
constexpr std::size_t kSecretKeySize = 158;
constexpr std::size_t kHashSize = 64;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

template <std::size_t N>
std::string_view AsText(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

template <std::size_t N>
void Take(std::string_view bytes, std::size_t at, std::array<std::uint8_t, N>& into) {
  std::ranges::copy(bytes.substr(at, N), into.begin());
}

// The lines of `text` without their ends; the last line may lack one.
std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines = Split(text, '\n');
  if (lines.back().empty()) lines.pop_back();
  for (std::string_view& line : lines) {
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  return lines;
}

std::unexpected<Error> NoKey(std::string_view why) {
  return Fail(Code::kInvalid, "this is not a public key of minisign: {}", why);
}
std::unexpected<Error> NoSignature(std::string_view why) {
  return Fail(Code::kInvalid, "this is not a signature of minisign: {}", why);
}

}  // namespace

std::string KeyIdText(const KeyId& id) {
  // It is a number that stands there with its low byte first.
  std::string text;
  for (const std::uint8_t byte : id) text.insert(0, fmt::format("{:02X}", byte));
  return text;
}

std::string MinisignKey::Line() const {
  return Base64Encode(fmt::format("{}{}{}", kWhole, AsText(id), AsText(key)));
}

std::string MinisignKey::File() const {
  return fmt::format("{} minisign public key {}\n{}\n", kUntrusted, KeyIdText(id), Line());
}

Result<MinisignKey> ParseMinisignKey(std::string_view text) {
  if (text.size() > limits::kMinisignMax) return NoKey("it is too long");
  std::vector<std::string_view> lines = Lines(text);
  if (!lines.empty() && lines.front().starts_with(kUntrusted)) lines.erase(lines.begin());
  if (lines.size() != 1) return NoKey("it is one line, with perhaps a comment above it");
  const std::optional<std::string> bytes = Base64Decode(lines.front());
  if (!bytes) return NoKey("its line is not base64");
  if (bytes->size() == kSecretKeySize && bytes->starts_with(kWhole)) {
    return Fail(Code::kInvalid,
                "this is a secret key of minisign, which stays with its owner: give the public "
                "key, the file that ends with .pub");
  }
  if (bytes->size() != kKeySize) return NoKey("its line has another length");
  if (!bytes->starts_with(kWhole)) return NoKey("its algorithm is not known");
  MinisignKey key;
  Take(*bytes, kIdAt, key.id);
  Take(*bytes, kRestAt, key.key);
  if (crypto_core_ed25519_is_valid_point(key.key.data()) != 1) {
    return NoKey("it is no point of the curve that signatures are made on");
  }
  return key;
}

Result<MinisignSignature> ParseMinisignSignature(std::string_view text) {
  if (text.size() > limits::kMinisignMax) return NoSignature("it is too long");
  const std::vector<std::string_view> lines = Lines(text);
  if (lines.size() != 4) return NoSignature("it has four lines");
  if (!lines[0].starts_with(kUntrusted)) {
    return NoSignature("its first line is no untrusted comment");
  }
  if (!lines[2].starts_with(kTrusted)) return NoSignature("its third line is no trusted comment");
  const std::optional<std::string> first = Base64Decode(lines[1]);
  if (!first || first->size() != kSignatureSize) return NoSignature("its second line is damaged");
  const std::optional<std::string> second = Base64Decode(lines[3]);
  if (!second || second->size() != std::tuple_size_v<Signature>) {
    return NoSignature("its last line is damaged");
  }
  MinisignSignature signature;
  if (first->starts_with(kWhole)) {
    signature.form = MinisignForm::kWhole;
  } else if (!first->starts_with(kHashed)) {
    return NoSignature("its algorithm is not known");
  }
  Take(*first, kIdAt, signature.id);
  Take(*first, kRestAt, signature.signature);
  signature.trusted_comment = lines[2].substr(kTrusted.size());
  Take(*second, 0, signature.over_both);
  return signature;
}

bool Verify(const MinisignKey& key, std::string_view message, const MinisignSignature& signature) {
  if (key.id != signature.id) return false;
  std::array<std::uint8_t, kHashSize> hash;
  if (signature.form == MinisignForm::kHashed) {
    AILERON_CHECK(crypto_generichash(hash.data(), hash.size(), Bytes(message), message.size(),
                                     nullptr, 0) == 0);
    message = AsText(hash);
  }
  return Verify(key.key, message, signature.signature) &&
         Verify(key.key,
                fmt::format("{}{}", AsText(signature.signature), signature.trusted_comment),
                signature.over_both);
}

}  // namespace aileron::crypto
