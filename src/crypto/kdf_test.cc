#include "crypto/kdf.h"

#include <gtest/gtest.h>

#include "crypto/limits.h"

namespace aileron::crypto {
namespace {

TEST(Kdf, TheSamePassphraseAndParametersGiveTheSameKey) {
  const auto parameters = MakeKdfParameters(kCheapestKdf);
  const auto one = DeriveKey(parameters, Secret("correct horse"));
  const auto two = DeriveKey(parameters, Secret("correct horse"));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->Reveal(), two->Reveal());
}

TEST(Kdf, AnythingElseGivesAnother) {
  const auto parameters = MakeKdfParameters(kCheapestKdf);
  const auto key = DeriveKey(parameters, Secret("correct horse"));
  EXPECT_NE(DeriveKey(parameters, Secret("correct horsf"))->Reveal(), key->Reveal());
  EXPECT_NE(DeriveKey(parameters, Secret())->Reveal(), key->Reveal());
  EXPECT_NE(DeriveKey(MakeKdfParameters(kCheapestKdf), Secret("correct horse"))->Reveal(),
            key->Reveal());
  auto dearer = parameters;
  ++dearer.passes;
  EXPECT_NE(DeriveKey(dearer, Secret("correct horse"))->Reveal(), key->Reveal());
}

TEST(Kdf, HostileParametersCostNothing) {
  for (const auto& [memory, passes] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0, 1},
                                                            {7, 1},
                                                            {limits::kKdfMemoryMaxKib + 1, 1},
                                                            {UINT32_MAX, 1},
                                                            {8, 0},
                                                            {8, limits::kKdfPassesMax + 1},
                                                            {8, UINT32_MAX}}) {
    const auto key = DeriveKey({memory, passes, {}}, Secret("x"));
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Code::kInvalid);
  }
}

}  // namespace
}  // namespace aileron::crypto
