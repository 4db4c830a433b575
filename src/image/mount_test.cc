#include "image/mount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::image {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Mount, EverySpellingOfAnOptionIsRead) {
  for (const char* text :
       {"type=bind,source=/a,target=/b,readonly", "type=bind,src=/a,dst=/b,ro=true",
        "ro=1,destination=/b,type=bind,source=/a,consistency=cached"}) {
    const auto mount = ParseMount(text);
    ASSERT_TRUE(mount) << text;
    EXPECT_EQ(mount->type, "bind");
    EXPECT_EQ(mount->source, "/a");
    EXPECT_EQ(mount->target, "/b");
    EXPECT_TRUE(mount->read_only);
    EXPECT_TRUE(mount->others.empty());
    EXPECT_EQ(mount->written, text);
  }
  EXPECT_FALSE(ParseMount("source=/a,target=/b,readonly=false")->read_only);
}

TEST(Mount, WhatStandsInQuotesMayHoldCommas) {
  const auto mount = ParseMount(R"(type=volume,"source=a,b","target=/x""y")");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->source, "a,b");
  EXPECT_EQ(mount->target, "/x\"y");
  EXPECT_THAT(ParseMount("\"target=/b").error().message, HasSubstr("double quote"));
}

TEST(Mount, OtherOptionsAreKept) {
  EXPECT_THAT(ParseMount("target=/b,bind-propagation=shared,volume-nocopy")->others,
              ElementsAre("bind-propagation=shared", "volume-nocopy"));
}

TEST(Mount, OneWithoutATargetIsRefused) {
  for (const char* text : {"", "type=bind,source=/a", "target=", "/a:/b"}) {
    EXPECT_FALSE(ParseMount(text)) << text;
  }
  EXPECT_THAT(ParseMount("target=/b,").error().message, HasSubstr("empty"));
}

}  // namespace
}  // namespace aileron::image
