#include "build/feature_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::build {
namespace {

using testing::HasSubstr;
using Kind = FeatureName::Kind;

std::string Mistake(std::string_view written) {
  const auto name = ParseFeatureName(written);
  return name ? "" : name.error().message;
}

TEST(FeatureName, OfARegistryHasACollectionAndAnId) {
  const auto name = ParseFeatureName("GHCR.io/Devcontainers/features/Node:1");
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_EQ(name->kind, Kind::kArtifact);
  EXPECT_EQ(name->id, "node");
  EXPECT_EQ(name->collection, "ghcr.io/devcontainers/features");
  EXPECT_EQ(name->Place(), "ghcr.io/devcontainers/features/node");
  EXPECT_EQ(name->reference.tag, "1");
  EXPECT_EQ(ParseFeatureName("localhost:5000/a/b")->reference.tag, "latest");
  EXPECT_EQ(ParseFeatureName("localhost:5000/a/b/c")->collection, "localhost:5000/a/b");
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(ParseFeatureName("x.example/a/b@" + digest)->reference.digest->Text(), digest);
  EXPECT_NE(Mistake("x.example/a/b:1@" + digest), "");
}

TEST(FeatureName, OfATarballHasItsId) {
  const auto name = ParseFeatureName("https://x.example/a/devcontainer-feature-my_Tool.tgz");
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_EQ(name->kind, Kind::kTarball);
  EXPECT_EQ(name->id, "my_Tool");
  EXPECT_THAT(Mistake("https://x.example/tool.tgz"), HasSubstr("devcontainer-feature-ID.tgz"));
  EXPECT_THAT(Mistake("https://devcontainer-feature-a.tgz"), HasSubstr("feature-ID.tgz"));
  EXPECT_THAT(Mistake("https://x.example/devcontainer-feature-.tgz"), HasSubstr("ID"));
  EXPECT_THAT(Mistake("https://x.example/devcontainer-feature-a.b.tgz"), HasSubstr("letters"));
  EXPECT_THAT(Mistake("http://x.example/devcontainer-feature-a.tgz"), HasSubstr("TLS"));
}

TEST(FeatureName, OfAFolderIsAsItIsWritten) {
  EXPECT_EQ(ParseFeatureName("./a/../b")->Place(), "./a/../b");
  EXPECT_EQ(ParseFeatureName("../a")->kind, Kind::kFolder);
  EXPECT_THAT(Mistake("/a"), HasSubstr("./NAME"));
  EXPECT_THAT(Mistake(".a"), HasSubstr("./NAME"));
}

TEST(FeatureName, NamesOfFormerTimesSayHowTodaysAreWritten) {
  for (const char* written : {"node", "docker-in-docker", "owner/repository/feature@v1"}) {
    EXPECT_THAT(Mistake(written), HasSubstr("ghcr.io/devcontainers/features/NAME")) << written;
  }
}

TEST(FeatureName, WhatIsNoneIsRefused) {
  for (const std::string written :
       {"", "x.example/a", "x.example/../b/c", "x.example/a/b:", "x.example/a/b@sha256:1",
        "oci:/x.example/a", "x.example/a b/c"}) {
    EXPECT_NE(Mistake(written), "") << written;
  }
  EXPECT_NE(Mistake("x.example/a/" + std::string(3000, 'b')), "");
}

}  // namespace
}  // namespace aileron::build
