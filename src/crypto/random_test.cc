#include "crypto/random.h"

#include <gtest/gtest.h>

#include <set>

namespace aileron::crypto {
namespace {

TEST(Random, BytesDiffer) { EXPECT_NE(RandomBytes<16>(), RandomBytes<16>()); }

TEST(Random, NumbersStayBelowTheirBoundAndReachAllOfIt) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(RandomBelow(5));
  EXPECT_EQ(seen, (std::set<std::uint32_t>{0, 1, 2, 3, 4}));
}

TEST(Random, TextIsOfItsAlphabet) {
  const std::string text = RandomText("ab", 100);
  EXPECT_EQ(text.size(), 100u);
  EXPECT_EQ(text.find_first_not_of("ab"), std::string::npos);
}

}  // namespace
}  // namespace aileron::crypto
