#include "image/digest.h"

#include <algorithm>

#include "base/text.h"
#include "image/limits.h"
#include "image/quoted.h"

namespace aileron::image {

std::string_view Name(Algorithm algorithm) {
  return algorithm == Algorithm::kSha256 ? "sha256" : "sha512";
}

std::string Digest::Text() const { return fmt::format("{}:{}", Name(algorithm), hex); }

Result<Digest> ParseDigest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.size() > limits::kDigestMax) {
    return Fail(Code::kInvalid, "{} is no digest; one is \"sha256:\" and 64 hex digits",
                Quoted(text));
  }
  const std::string_view name = text.substr(0, colon), hex = text.substr(colon + 1);
  const bool is512 = name == Name(Algorithm::kSha512);
  if (!is512 && name != Name(Algorithm::kSha256)) {
    return Fail(Code::kUnsupported, "the digest {} is one of {}; sha256 and sha512 can be verified",
                Quoted(text), Printable(BeginningOf(name, limits::kQuotedMax)));
  }
  const std::size_t size = is512 ? 128 : 64;
  const bool plain = std::ranges::all_of(
      hex, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (hex.size() != size || !plain) {
    return Fail(Code::kInvalid, "{} is no digest; \"{}:\" is followed by {} lower-case digits",
                Quoted(text), name, size);
  }
  return Digest{is512 ? Algorithm::kSha512 : Algorithm::kSha256, std::string(hex)};
}

Hasher::Hasher(Algorithm algorithm) {
  if (algorithm == Algorithm::kSha512) state_.emplace<crypto::Sha512>();
}

void Hasher::Update(std::string_view bytes) {
  if (auto* sha256 = std::get_if<crypto::Sha256>(&state_)) {
    sha256->Update(bytes);
  } else {
    std::get_if<crypto::Sha512>(&state_)->Update(bytes);
  }
}

Digest Hasher::Finish() {
  if (auto* sha256 = std::get_if<crypto::Sha256>(&state_)) {
    return {Algorithm::kSha256, HexEncode(sha256->Finish())};
  }
  return {Algorithm::kSha512, HexEncode(std::get_if<crypto::Sha512>(&state_)->Finish())};
}

Digest DigestOf(std::string_view bytes, Algorithm algorithm) {
  Hasher hasher(algorithm);
  hasher.Update(bytes);
  return hasher.Finish();
}

}  // namespace aileron::image
