#include "crypto/sign.h"

#include <gtest/gtest.h>

namespace aileron::crypto {
namespace {

TEST(Sign, ASignatureHoldsForItsMessageAndKeyAlone) {
  const SigningKey key = SigningKey::Generate();
  const Signature signature = key.Sign("message");
  EXPECT_TRUE(Verify(key.public_key(), "message", signature));
  EXPECT_FALSE(Verify(key.public_key(), "massage", signature));
  EXPECT_FALSE(Verify(SigningKey::Generate().public_key(), "message", signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Signature changed = signature;
    changed[i] ^= 1;
    EXPECT_FALSE(Verify(key.public_key(), "message", changed)) << i;
  }
  EXPECT_FALSE(Verify(key.public_key(), "message", Signature{}));
}

TEST(Sign, AKeyComesBackFromItsSeed) {
  const SigningKey key = SigningKey::Generate();
  const auto again = SigningKey::FromSeed(key.Seed());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(again->Sign("m"), key.Sign("m"));
  EXPECT_FALSE(SigningKey::FromSeed(Secret("too short")));
}

}  // namespace
}  // namespace aileron::crypto
