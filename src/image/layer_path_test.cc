#include "image/layer_path.h"

#include <gtest/gtest.h>

namespace aileron::image {
namespace {

using std::string_literals::operator""s;
using Kind = LayerPath::Kind;

TEST(LayerPath, NamesMeanPathsBelowTheRoot) {
  const LayerLimits limits;
  for (const auto& [name, path] :
       std::initializer_list<std::pair<const char*, const char*>>{{"a", "a"},
                                                                  {"./a/b/", "a/b"},
                                                                  {"/a//b/./c", "a/b/c"},
                                                                  {"./", ""},
                                                                  {"/", ""},
                                                                  {".", ""},
                                                                  {"...", "..."},
                                                                  {"a/..b", "a/..b"},
                                                                  {".whatever", ".whatever"},
                                                                  {"..wh.a", "..wh.a"}}) {
    const auto parsed = ParseLayerPath(name, limits);
    ASSERT_TRUE(parsed) << name;
    EXPECT_EQ(parsed->kind, Kind::kEntry) << name;
    EXPECT_EQ(parsed->path, path) << name;
  }
}

TEST(LayerPath, WhiteoutsNameWhatTheyHide) {
  const LayerLimits limits;
  EXPECT_EQ(ParseLayerPath("a/.wh.b", limits)->kind, Kind::kWhiteout);
  EXPECT_EQ(ParseLayerPath("a/.wh.b", limits)->path, "a/b");
  EXPECT_EQ(ParseLayerPath(".wh..b", limits)->path, ".b");
  EXPECT_EQ(ParseLayerPath("a/.wh..wh..opq", limits)->kind, Kind::kOpaque);
  EXPECT_EQ(ParseLayerPath("a/.wh..wh..opq", limits)->path, "a");
  EXPECT_EQ(ParseLayerPath("./.wh..wh..opq", limits)->path, "");
  for (const char* name : {".wh..wh.plnk/1", "a/.wh..wh.aufs", ".wh..wh.orph/"})
    EXPECT_EQ(ParseLayerPath(name, limits)->kind, Kind::kLeftOut) << name;
}

TEST(LayerPath, WhatIsNoPathIsRefused) {
  const LayerLimits limits;
  for (const std::string& name : {""s, ".."s, "../a"s, "a/../b"s, "/.."s, "a/.."s, "a\0b"s, "\0"s,
                                  ".wh."s, "a/.wh.."s, "a/.wh..."s, ".wh.a/b"s, ".wh..wh..opq/a"s,
                                  std::string(256, 'n'), "a/" + std::string(256, 'n') + "/b"}) {
    const auto parsed = ParseLayerPath(name, limits);
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
  }
  EXPECT_TRUE(ParseLayerPath(std::string(255, 'n'), limits));
}

TEST(LayerPath, LengthAndDepthAreBounded) {
  LayerLimits limits;
  limits.path = 10;
  EXPECT_TRUE(ParseLayerPath("1234567890", limits));
  EXPECT_FALSE(ParseLayerPath("12345678901", limits));
  limits = {};
  limits.depth = 2;
  EXPECT_TRUE(ParseLayerPath("a/b/c", limits));
  EXPECT_FALSE(ParseLayerPath("a/b/c/d", limits));
}

TEST(LayerPath, AHardLinksTargetIsAFile) {
  const LayerLimits limits;
  EXPECT_EQ(ParseLayerTarget("./a/b", limits), "a/b");
  EXPECT_EQ(ParseLayerTarget("/a", limits), "a");
  for (const char* name : {"", "/", ".", "../a", "a/.wh.b", "a/.wh..wh..opq", ".wh..wh.plnk/1"})
    EXPECT_FALSE(ParseLayerTarget(name, limits)) << name;
}

}  // namespace
}  // namespace aileron::image
