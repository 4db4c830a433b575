#include "build/feature_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "image/testing_image.h"

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FeatureSetTest : public testing::Test {
 protected:
  FeatureSetTest() {
    container_.file = config_;
    Put("a");
  }
  void Put(const std::string& name, std::string_view more = "") const {
    const std::string folder = "ws/.devcontainer/" + name;
    folder_.Write(folder + "/devcontainer-feature.json",
                  fmt::format(R"({{"id": "{}"{}}})", name, more));
    folder_.Write(folder + "/install.sh", "#!/bin/sh\n");
  }
  void Want(const std::string& id, const nlohmann::json& options = nlohmann::json::object()) {
    container_.features.push_back({{}, id, options});
  }
  Result<std::vector<Feature>> Read() const {
    const auto project = Project::Open(config_, folder_.In("ws"));
    return ReadFeatures(container_, *project, Now());
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    const auto features = Read();
    if (!features) return {features.error().message};
    for (const Feature& feature : *features) ids.push_back(feature.id);
    return ids;
  }

  image::TestFolder folder_;
  std::string config_ = folder_.In("ws/.devcontainer/devcontainer.json");
  image::DevContainer container_;
};

TEST_F(FeatureSetTest, HasWhatTheFileNamesAndWhatThatNeeds) {
  Put("b", R"(, "dependsOn": {"./c": {}})");
  Put("c", R"(, "installsAfter": ["./a", "ghcr.io/x/y"])");
  Want("./b");
  Want("./a");
  EXPECT_THAT(Ids(), ElementsAre("a", "c", "b"));
  container_.features.pop_back();
  EXPECT_THAT(Ids(), ElementsAre("c", "b"));
  Want("./c", {{"x", "1"}});
  EXPECT_THAT(Ids(), ElementsAre("c", "c", "b")) << "with other options it is another one";
  container_.features.clear();
  Want("./a");
  Want("./c");
  container_.override_feature_install_order = {"./c", "ghcr.io/x/y"};
  EXPECT_THAT(Ids(), ElementsAre("a", "c"));
  const auto features = Read();
  EXPECT_EQ((*features)[0].content.files, 2U);
  EXPECT_EQ((*features)[0].metadata["id"], "./a");
}

TEST_F(FeatureSetTest, WhatWaitsForItselfIsNamed) {
  Put("b", R"(, "dependsOn": {"./c": {}})");
  Put("c", R"(, "dependsOn": {"./b": {}})");
  Want("./b");
  EXPECT_THAT(Ids()[0], HasSubstr("wait for each other"));
}

TEST_F(FeatureSetTest, WhatIsElsewhereIsRefused) {
  folder_.Write("outside/devcontainer-feature.json", R"({"id": "x"})");
  folder_.Write("outside/install.sh", "");
  const auto mistake = [&](const std::string& id) {
    container_.features.clear();
    Want(id);
    return Ids().at(0);
  };
  EXPECT_THAT(mistake("../../outside"), HasSubstr("outside of the project"));
  ASSERT_EQ(symlink("../../outside", folder_.In("ws/.devcontainer/link").c_str()), 0);
  EXPECT_THAT(mistake("./link"), HasSubstr("no link"));
  EXPECT_THAT(mistake("ghcr.io/devcontainers/features/node:1"),
              HasSubstr("would have to be fetched"));
  EXPECT_THAT(mistake("https://x.example/a.tgz"), HasSubstr("would have to be fetched"));
  EXPECT_THAT(mistake("./none"), HasSubstr("none/devcontainer-feature.json is not there"));
  Put("d", R"(, "dependsOn": {"ghcr.io/x/y": {}})");
  EXPECT_THAT(mistake("./d"), HasSubstr("ghcr.io/x/y would have to be fetched"));
}

TEST_F(FeatureSetTest, WhatIsNoFeatureIsRefused) {
  folder_.Write("ws/.devcontainer/e/devcontainer-feature.json", R"({"id": "e"})");
  Want("./e");
  EXPECT_THAT(Ids()[0], HasSubstr("./e has no install.sh"));
  container_.features.clear();
  Want("./a", false);
  EXPECT_THAT(Ids()[0], HasSubstr("is false"));
}

TEST_F(FeatureSetTest, OfTooManyNoneIsInstalled) {
  for (int i = 0; i < 101; ++i) Want("./a", std::to_string(i));
  Put("a", R"(, "options": {"version": {"default": "x"}})");
  EXPECT_THAT(Ids()[0], HasSubstr("more than 100 features"));
}

}  // namespace
}  // namespace aileron::build
