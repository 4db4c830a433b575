#include "crypto/aead.h"

#include <gtest/gtest.h>

namespace aileron::crypto {
namespace {

TEST(Aead, WhatIsSealedOpensAgain) {
  const Secret key = MakeAeadKey();
  for (const std::size_t size : {0, 1, 100, 4055, 4056, 65536}) {
    const std::string message(size, 'm');
    const std::string sealed = Seal(key, message, "place");
    EXPECT_EQ(sealed.size(), size + kAeadOverhead);
    const auto opened = Open(key, sealed, "place");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->Reveal(), message);
  }
}

TEST(Aead, AChangedBitAnywhereIsAnError) {
  const Secret key = MakeAeadKey();
  const std::string sealed = Seal(key, "attack at dawn", "place");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    EXPECT_FALSE(Open(key, changed, "place")) << i;
    EXPECT_FALSE(Open(key, std::string_view(sealed).substr(0, i), "place")) << i;
  }
  EXPECT_FALSE(Open(key, sealed + 'x', "place"));
  EXPECT_FALSE(Open(key, sealed, "other place"));
  EXPECT_FALSE(Open(MakeAeadKey(), sealed, "place"));
}

TEST(Aead, TheSameMessageIsSealedDifferentlyEachTime) {
  const Secret key = MakeAeadKey();
  EXPECT_NE(Seal(key, "m", ""), Seal(key, "m", ""));
}

}  // namespace
}  // namespace aileron::crypto
