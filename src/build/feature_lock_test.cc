#include "build/feature_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron::build {
namespace {

using testing::HasSubstr;

const std::string kOne = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');
constexpr const char* kNode = "ghcr.io/devcontainers/features/node:1";
constexpr const char* kTarball = "https://example.com/devcontainer-feature-app.tgz";

std::string Lock(std::string_view name, std::string_view resolved, std::string_view integrity) {
  return fmt::format(
      R"({{"features": {{"{}": {{"version": "1", "resolved": "{}", "integrity": "{}"}}}}}})", name,
      resolved, integrity);
}

std::string Wrong(std::string_view text) {
  const auto lock = FeatureLock::Parse(text, "/w/devcontainer-lock.json");
  return lock ? "" : lock.error().message;
}

// What is there, by each name.
class Shelf final : public FeatureSource {
 public:
  Result<FetchedFeature> Fetch(const FeatureName& name) override {
    asked.push_back(name.written);
    return FetchedFeature{.digest = digest, .folder = "/f"};
  }
  std::string digest = kOne;
  std::vector<std::string> asked;
};

TEST(FeatureLock, TheFileLiesBesideTheConfiguration) {
  EXPECT_EQ(LockFileOf("/w/.devcontainer/devcontainer.json"),
            "/w/.devcontainer/devcontainer-lock.json");
  EXPECT_EQ(LockFileOf("/w/.devcontainer.json"), "/w/.devcontainer-lock.json");
}

TEST(FeatureLock, WhatIsLockedComesByItsDigest) {
  const std::string resolved = "ghcr.io/devcontainers/features/node@" + kOne;
  const auto lock = FeatureLock::Parse(Lock(kNode, resolved, kOne), "lock");
  ASSERT_TRUE(lock) << lock.error().message;
  Shelf shelf;
  LockedSource source(shelf, *lock);
  ASSERT_TRUE(source.Fetch(*ParseFeatureName(kNode)));
  ASSERT_TRUE(source.Fetch(*ParseFeatureName("ghcr.io/devcontainers/features/go:1")));
  EXPECT_EQ(shelf.asked,
            (std::vector<std::string>{resolved, "ghcr.io/devcontainers/features/go:1"}));
}

TEST(FeatureLock, AnotherDigestIsRefused) {
  const auto lock = FeatureLock::Parse(Lock(kTarball, kTarball, kOther), "lock");
  ASSERT_TRUE(lock) << lock.error().message;
  Shelf shelf;
  const auto fetched = LockedSource(shelf, *lock).Fetch(*ParseFeatureName(kTarball));
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, Code::kInvalid);
  EXPECT_THAT(fetched.error().message, HasSubstr("--lock"));
  // What devcontainer.json pins itself is not made another one by the lock.
  const std::string pinned = "ghcr.io/a/b/node@" + kOne;
  const auto other = FeatureLock::Parse(Lock(pinned, "", kOther), "lock");
  ASSERT_TRUE(other);
  EXPECT_FALSE(LockedSource(shelf, *other).Fetch(*ParseFeatureName(pinned)));
  EXPECT_EQ(shelf.asked.back(), pinned);
}

TEST(FeatureLock, WhatIsWrongIsNamed) {
  EXPECT_THAT(Wrong("{"), HasSubstr("devcontainer-lock.json"));
  EXPECT_THAT(Wrong("[]"), HasSubstr("not an object"));
  EXPECT_THAT(Wrong(Lock(kNode, "", "sha256:12")), HasSubstr("integrity is no digest"));
  EXPECT_THAT(Wrong(Lock(kNode, "ghcr.io/evil/features/node@" + kOne, kOne)),
              HasSubstr("another feature"));
  EXPECT_THAT(Wrong(Lock(kNode, "ghcr.io/devcontainers/features/node@" + kOther, kOne)),
              HasSubstr("another feature or digest"));
  EXPECT_THAT(Wrong(Lock("./folder", "", kOne)), HasSubstr("no feature that is fetched"));
  EXPECT_EQ(Wrong("{}"), "");
}

TEST(FeatureLock, WhatIsWrittenIsReadAgain) {
  std::vector<Feature> features(3);
  for (const auto& [index, name] :
       {std::pair{0, "ghcr.io/z/node:1"}, {1, kTarball}, {2, "./folder"}}) {
    Feature& feature = features[static_cast<std::size_t>(index)];
    feature.written = name;
    feature.source = *ParseFeatureName(name);
    feature.version = "1.2.3";
    if (index != 2) feature.digest = kOne;
  }
  features[0].depends_on.emplace_back("ghcr.io/z/base:1", nlohmann::json::object());
  const std::string text = LockTextOf(features);
  EXPECT_EQ(
      text,
      "{\n  \"features\": {\n    \"ghcr.io/z/node:1\": {\n      \"version\": \"1.2.3\",\n"
      "      \"resolved\": \"ghcr.io/z/node@" +
          kOne + "\",\n      \"integrity\": \"" + kOne +
          "\",\n      \"dependsOn\": [\n        \"ghcr.io/z/base:1\"\n      ]\n    },\n    \"" +
          kTarball + "\": {\n      \"version\": \"1.2.3\",\n      \"resolved\": \"" + kTarball +
          "\",\n      \"integrity\": \"" + kOne + "\"\n    }\n  }\n}\n");
  const auto lock = FeatureLock::Parse(text, "lock");
  ASSERT_TRUE(lock) << lock.error().message;
  EXPECT_EQ(lock->DigestOf(kTarball), kOne);
  EXPECT_EQ(lock->DigestOf("./folder"), "");
}

}  // namespace
}  // namespace aileron::build
