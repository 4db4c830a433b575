// FieldHash: one SHA-256 over a list of texts, such that no two lists have the same bytes.
// Tested by src/build/context_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"
#include "crypto/hash.h"

namespace aileron::build {

class FieldHash {
 public:
  void Add(std::string_view text) { hash_.Update(fmt::format("{}:", text.size())).Update(text); }
  // In hex. Once; the object is used up.
  std::string Finish() { return HexEncode(hash_.Finish()); }

 private:
  crypto::Sha256 hash_;
};

}  // namespace aileron::build
