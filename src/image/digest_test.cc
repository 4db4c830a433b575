#include "image/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::image {
namespace {

using testing::HasSubstr;

TEST(Digest, BothAlgorithmsRoundTrip) {
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    const Digest digest = DigestOf("aileron", algorithm);
    EXPECT_EQ(ParseDigest(digest.Text()).value(), digest);
  }
  // FIPS 180-4's own examples.
  EXPECT_EQ(DigestOf("abc").Text(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(DigestOf("abc", Algorithm::kSha512).hex,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Digest, PiecesHaveTheDigestOfTheWhole) {
  Hasher hasher(Algorithm::kSha512);
  hasher.Update("ailer");
  hasher.Update("");
  hasher.Update("on");
  EXPECT_EQ(hasher.Finish(), DigestOf("aileron", Algorithm::kSha512));
}

TEST(Digest, WhatIsNoneIsRefused) {
  const std::string hex = DigestOf("x").hex;
  for (const std::string& bad :
       {std::string(), std::string("sha256"), std::string("sha256:"), "sha256:" + hex + "0",
        "sha256:" + hex.substr(1), "sha256:" + hex.substr(1) + "F", "sha256:" + hex.substr(1) + "g",
        hex, "sha512:" + hex, "sha256:../" + hex.substr(3), std::string(500, 'a') + ":00"}) {
    EXPECT_EQ(ParseDigest(bad).error().code, Code::kInvalid) << bad;
  }
}

TEST(Digest, AnotherAlgorithmIsRefusedByName) {
  for (const std::string_view bad : {"md5:0cc175b9c0f1b6a831c399e269772661", "SHA256:00", ":00"}) {
    EXPECT_EQ(ParseDigest(bad).error().code, Code::kUnsupported) << bad;
  }
  EXPECT_THAT(ParseDigest("md5:0cc1").error().message, HasSubstr("one of md5"));
}

}  // namespace
}  // namespace aileron::image
