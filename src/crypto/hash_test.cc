#include "crypto/hash.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron::crypto {
namespace {

TEST(Hash, AgreesWithThePublishedVectors) {
  EXPECT_EQ(HexEncode(Hash("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(Hash("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, PiecesHashAsTheWhole) {
  const std::string text(1000, 'a');
  Sha256 hash;
  for (std::size_t i = 0; i < text.size(); i += 7) hash.Update(std::string_view(text).substr(i, 7));
  EXPECT_EQ(hash.Finish(), Hash(text));
}

TEST(Hash, Sha512AgreesWithThePublishedVectorInPiecesToo) {
  EXPECT_EQ(HexEncode(Sha512().Update("a").Update("bc").Finish()),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hash, EqualMeansEveryByteAndTheLength) {
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abcd"));
}

}  // namespace
}  // namespace aileron::crypto
