#include "image/tier.h"

#include <gtest/gtest.h>

namespace aileron::image {
namespace {

TierChoice Choose(std::string_view flag, std::string_view text) {
  const auto root = ParseJsonc(text, "d.json");
  const auto container = ReadDevContainer(root.value(), "d.json");
  return ChooseTier(flag, &container.value());
}

TEST(Tier, TheFlagIsStrongerThanTheSettingAndThatThanTheFile) {
  const char* both = R"({"image": "a", "customizations": {"aileron": {"image": "b"}}})";
  EXPECT_EQ(Choose("c", both).image, "c");
  EXPECT_EQ(Choose("c", both).tier, Tier::kOwn);
  EXPECT_EQ(Choose("base", both).tier, Tier::kBase);
  EXPECT_EQ(Choose("", both).image, "b");
  EXPECT_EQ(Choose("", both).tier, Tier::kOwn);
  EXPECT_EQ(Choose("", R"({"customizations": {"aileron": {"image": "base"}}})").tier, Tier::kBase);
  EXPECT_EQ(Choose("", R"({"image": "a"})").tier, Tier::kDevContainer);
  EXPECT_EQ(Choose("", R"({"image": "a"})").image, "a");
}

TEST(Tier, WhatAFileBuildsIsADevcontainerToo) {
  for (const char* text : {R"({"build": {"dockerfile": "D"}})", R"({"features": {"./f": {}}})",
                           R"({"image": "a", "features": {"./f": {}}})",
                           R"({"dockerComposeFile": "c", "service": "s"})"}) {
    EXPECT_EQ(Choose("", text).tier, Tier::kDevContainer) << text;
    EXPECT_FALSE(Choose("", text).why.empty());
  }
}

TEST(Tier, WithoutAnImageItIsTheHost) {
  EXPECT_EQ(ChooseTier("", nullptr).tier, Tier::kHost);
  EXPECT_EQ(ChooseTier("base", nullptr).tier, Tier::kBase);
  EXPECT_EQ(ChooseTier("x", nullptr).tier, Tier::kOwn);
  EXPECT_EQ(Choose("", R"({"remoteUser": "u"})").tier, Tier::kHost);
  EXPECT_EQ(Name(Tier::kOwn), "own image");
}

}  // namespace
}  // namespace aileron::image
