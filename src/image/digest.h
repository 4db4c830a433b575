// Digest: what a blob is called by its content (OCI image-spec, descriptor.md "Digests").
//
//   digest = algorithm ":" lower-case hex         sha256: 64 digits, sha512: 128
//
// The two registered algorithms are read; another one is refused by its name, since what it names
// could not be verified.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "crypto/hash.h"

namespace aileron::image {

enum class Algorithm : std::uint8_t { kSha256, kSha512 };
std::string_view Name(Algorithm algorithm);

struct Digest {
  Algorithm algorithm = Algorithm::kSha256;
  std::string hex;

  std::string Text() const;
  auto operator<=>(const Digest&) const = default;
};

// kInvalid for what is no digest, kUnsupported for another algorithm's.
Result<Digest> ParseDigest(std::string_view text);

// The digest of bytes that come in pieces.
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm);
  void Update(std::string_view bytes);
  // Once; the object is used up.
  Digest Finish();

 private:
  std::variant<crypto::Sha256, crypto::Sha512> state_;
};

Digest DigestOf(std::string_view bytes, Algorithm algorithm = Algorithm::kSha256);

}  // namespace aileron::image
