// Keys and signatures of minisign: a key that is read is written back as the same, and no input is
// a good signature of a key that it does not name.
#include "crypto/minisign.h"

#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = AsText(data, size);
  // Nobody has its secret key: it was thrown away.
  static const MinisignKey nobodys{.id = {1, 2, 3, 4, 5, 6, 7, 8},
                                   .key = SigningKey::Generate().public_key()};
  if (const auto key = ParseMinisignKey(input)) {
    Expect(ParseMinisignKey(key->Line()) == *key);
    Expect(ParseMinisignKey(key->File()) == *key);
  }
  auto signature = ParseMinisignSignature(input);
  if (!signature) return 0;
  Expect(signature->trusted_comment.find('\n') == std::string::npos);
  signature->id = nobodys.id;
  Expect(!Verify(nobodys, input, *signature));
  return 0;
}
