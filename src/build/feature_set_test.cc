#include "build/feature_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "image/testing_image.h"

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Features that have been fetched: folders by their names.
class Fetched final : public FeatureSource {
 public:
  Result<FetchedFeature> Fetch(const FeatureName& name) override {
    asked.push_back(name.written);
    const auto found = folders.find(name.written);
    if (found == folders.end()) return Fail(Code::kNotFound, "nobody has it");
    return FetchedFeature{.digest = image::DigestOf(name.written).Text(), .folder = found->second};
  }
  std::map<std::string, std::string> folders;
  std::vector<std::string> asked;
};

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
  // One that is fetched, by the name that it has elsewhere.
  void PutElsewhere(const std::string& written, const std::string& id, std::string_view more = "") {
    const std::string folder = "fetched/" + id;
    folder_.Write(folder + "/devcontainer-feature.json",
                  fmt::format(R"({{"id": "{}"{}}})", id, more));
    folder_.Write(folder + "/install.sh", "#!/bin/sh\n");
    fetched_.folders[written] = folder_.In(folder);
  }
  void Want(const std::string& id, const nlohmann::json& options = nlohmann::json::object()) {
    container_.features.push_back({{}, id, options});
  }
  Result<std::vector<Feature>> Read() {
    const auto project = Project::Open(config_, folder_.In("ws"));
    return ReadFeatures(container_, *project, fetched_, Now());
  }
  std::vector<std::string> Ids() {
    std::vector<std::string> ids;
    const auto features = Read();
    if (!features) return {features.error().message};
    for (const Feature& feature : *features) ids.push_back(feature.id);
    return ids;
  }

  image::TestFolder folder_;
  std::string config_ = folder_.In("ws/.devcontainer/devcontainer.json");
  image::DevContainer container_;
  Fetched fetched_;
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
  EXPECT_THAT(mistake("./none"), HasSubstr("none/devcontainer-feature.json is not there"));
  EXPECT_THAT(mistake("node"), HasSubstr("a name of former times"));
  EXPECT_THAT(mistake("http://x.example/devcontainer-feature-a.tgz"), HasSubstr("TLS"));
  EXPECT_TRUE(fetched_.asked.empty());
}

TEST_F(FeatureSetTest, WhatIsFetchedHasADigestAndWhatItNeeds) {
  PutElsewhere("x.io/y/one:1", "one", R"(, "dependsOn": {"x.io/y/two": {"v": "1"}})");
  PutElsewhere("x.io/y/two", "two", R"(, "installsAfter": ["x.io/y/three", "node"])");
  Want("./a");
  Want("x.io/y/one:1");
  EXPECT_THAT(Ids(), ElementsAre("a", "two", "one"));
  EXPECT_THAT(fetched_.asked, ElementsAre("x.io/y/one:1", "x.io/y/two"));
  const auto features = Read();
  EXPECT_EQ((*features)[1].digest, image::DigestOf("x.io/y/two").Text());
  EXPECT_EQ((*features)[0].digest, "");
  container_.override_feature_install_order = {"x.io/y/two", "x.io/y/one"};
  EXPECT_THAT(Ids(), ElementsAre("two", "one", "a"));
  Want("x.io/y/none");
  EXPECT_THAT(Ids()[0], HasSubstr("the feature x.io/y/none: nobody has it"));
}

TEST_F(FeatureSetTest, AFolderThatAnAgentMayWriteHasNothingFetched) {
  PutElsewhere("x.io/y/one:1", "one");
  Put("d", R"(, "dependsOn": {"x.io/y/one:1": {}})");
  Want("./d");
  EXPECT_THAT(Ids()[0], HasSubstr("name the same in features of devcontainer.json"));
  EXPECT_TRUE(fetched_.asked.empty());
  Want("x.io/y/one:1");
  EXPECT_THAT(Ids(), ElementsAre("one", "d"));
}

TEST_F(FeatureSetTest, WhatIsFetchedNamesNoFolderOfTheProject) {
  PutElsewhere("x.io/y/one:1", "one", R"(, "dependsOn": {"./a": {}})");
  Want("x.io/y/one:1");
  EXPECT_THAT(Ids()[0], HasSubstr("which no fetched feature names"));
}

TEST_F(FeatureSetTest, ARowOfNeedsHasAnEnd) {
  for (int i = 0; i < 50; ++i) {
    PutElsewhere(fmt::format("x.io/y/n{}", i), fmt::format("n{}", i),
                 fmt::format(R"(, "dependsOn": {{"x.io/y/n{}": {{}}}})", i + 1));
  }
  Want("x.io/y/n0");
  EXPECT_THAT(Ids()[0], HasSubstr("need each other in a row"));
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
