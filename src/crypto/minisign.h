// Minisign: public keys and signatures as the program minisign (0.11) writes them.
//
//   key        = [ comment ] base64( "Ed" id(8) ed25519-key(32) ) EOL       EOL may be left out
//   signature  = comment
//                base64( ( "Ed" / "ED" ) id(8) signature(64) ) EOL
//                "trusted comment: " text EOL
//                base64( signature(64) ) EOL
//   comment    = "untrusted comment:" text EOL
//   EOL        = LF / CR LF
//
// "Ed" signs the file, "ED" its BLAKE2b-512. The second signature is over the first one and the
// trusted comment. Nothing else may stand there. Text in, values out; the untrusted comments, which
// anybody may have written, are dropped.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/sign.h"

namespace aileron::crypto {

// Chosen at random by who makes a key: it finds a key and proves nothing.
using KeyId = std::array<std::uint8_t, 8>;
// As minisign shows it: "E7620F1842B4E81F".
std::string KeyIdText(const KeyId& id);

struct MinisignKey {
  KeyId id{};
  PublicKey key{};

  // The line that minisign takes as -P.
  std::string Line() const;
  // The file that it takes as -p.
  std::string File() const;
  bool operator==(const MinisignKey&) const = default;
};

enum class MinisignForm : std::uint8_t { kWhole, kHashed };

struct MinisignSignature {
  MinisignForm form = MinisignForm::kHashed;
  KeyId id{};
  Signature signature{};
  std::string trusted_comment;
  Signature over_both{};
};

// kInvalid says what is wrong. A key that no signature can be trusted by (of small order) is
// refused, and so is a secret key, of which nothing is shown.
Result<MinisignKey> ParseMinisignKey(std::string_view text);
Result<MinisignSignature> ParseMinisignSignature(std::string_view text);

// Whether both signatures are the key's: the one over `message`, and that over the comment.
bool Verify(const MinisignKey& key, std::string_view message, const MinisignSignature& signature);

}  // namespace aileron::crypto
