#include "build/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "image/testing_image.h"

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RecipeTest : public testing::Test {
 protected:
  RecipeTest() {
    folder_.Write("ws/.devcontainer/Dockerfile", "ARG V=1\nFROM debian:$V AS dev\nFROM dev\n");
    folder_.Write("ws/src/main", "main");
    folder_.Write("cache/x", "");
    container_.build = image::Build{.dockerfile = "Dockerfile", .context = ".."};
  }
  Result<Recipe> Read() const {
    class Nobody final : public FeatureSource {
      Result<FetchedFeature> Fetch(const FeatureName&) override {
        return Fail(Code::kUnavailable, "nothing is fetched here");
      }
    } nobody;
    return ReadRecipe({.container = container_,
                       .config_file = config_,
                       .workspace = workspace_,
                       .cache = cache_,
                       .features = nobody,
                       .now = Now()});
  }
  std::string Key() const {
    const auto recipe = Read();
    EXPECT_TRUE(recipe) << (recipe ? "" : recipe.error().message);
    return recipe ? recipe->key : "";
  }
  std::string Mistake() const {
    const auto recipe = Read();
    EXPECT_FALSE(recipe);
    return recipe ? "" : recipe.error().message;
  }
  image::Build& build() { return *container_.build; }

  image::TestFolder folder_;
  std::string workspace_ = folder_.In("ws"), cache_ = folder_.In("cache");
  std::string config_ = folder_.In("ws/.devcontainer/devcontainer.json");
  image::DevContainer container_;
};

TEST_F(RecipeTest, HasWhatIsBuilt) {
  build().args = {{"Z", "1"}, {"V", "12"}};
  const auto recipe = Read();
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->dockerfile_name, folder_.In("ws/.devcontainer/Dockerfile"));
  EXPECT_EQ(recipe->context_name, workspace_);
  EXPECT_THAT(recipe->read.images, ElementsAre("debian:12"));
  EXPECT_EQ(recipe->key.size(), 64U);
  EXPECT_EQ(recipe->context.files, 2U);
}

TEST_F(RecipeTest, KeyIsTheSameUntilSomethingThatCountsChanges) {
  const std::string first = Key();
  EXPECT_EQ(Key(), first);
  build().options = {"--pull", "--no-cache", "--progress=plain", "--network=host"};
  build().cache_from = {"type=local,src=/etc"};
  container_.name = "other";
  EXPECT_EQ(Key(), first) << "what does not change the image";

  build().target = "dev";
  const std::string target = Key();
  EXPECT_NE(target, first);
  build().target = "";
  build().options = {"--target", "dev"};
  EXPECT_EQ(Key(), target) << "said by another name";
  build().cache_from = {"other.example/cache"};
  EXPECT_NE(Key(), target) << "layers of somebody else's";
  build().cache_from.clear();
  build().options = {"--label=a=b"};
  EXPECT_NE(Key(), first);
  build().options = {"--platform", "linux/arm64"};
  EXPECT_NE(Key(), first);
  build().options = {};
  build().args = {{"B", "2"}, {"A", "1"}};
  const std::string arguments = Key();
  EXPECT_NE(arguments, first);
  build().args = {{"A", "1"}, {"B", "2"}};
  EXPECT_EQ(Key(), arguments) << "the order of arguments does not count";
  build().args = {{"A", "1"}, {"B", "3"}};
  EXPECT_NE(Key(), arguments);
  build().args = {};
  EXPECT_EQ(Key(), first);

  folder_.Write("ws/src/main", "other");
  EXPECT_NE(Key(), first);
  folder_.Write("ws/src/main", "main");
  folder_.Write("ws/.dockerignore", ".dockerignore\nsrc\n");
  const std::string ignored = Key();
  EXPECT_NE(ignored, first);
  folder_.Write("ws/src/main", "other");
  EXPECT_EQ(Key(), ignored) << "what is ignored does not count";
}

TEST_F(RecipeTest, TheDockerfileCountsAlsoWhereItIsIgnored) {
  folder_.Write("ws/.dockerignore", "*\n");
  const std::string first = Key();
  folder_.Write("ws/.devcontainer/Dockerfile", "FROM debian:13\n");
  EXPECT_NE(Key(), first);
}

TEST_F(RecipeTest, ADockerfilesOwnIgnoreFileComesFirst) {
  folder_.Write("ws/.dockerignore", "*\n");
  EXPECT_EQ(Read()->context.files, 0U);
  folder_.Write("ws/.devcontainer/Dockerfile.dockerignore", "src\n");
  EXPECT_EQ(Read()->context.files, 3U);
  folder_.Write("ws/.devcontainer/Dockerfile.dockerignore", "[\n");
  EXPECT_THAT(Mistake(), HasSubstr("Dockerfile.dockerignore:1: "));
}

TEST_F(RecipeTest, WhatLiesOutsideOfTheProjectIsRefused) {
  folder_.Write("outside/Dockerfile", "FROM x\n");
  for (const std::string path : {"../../outside/Dockerfile", "/etc/passwd"}) {
    build().dockerfile = path;
    EXPECT_THAT(Mistake(), HasSubstr("outside of the project")) << path;
  }
  build().dockerfile = "Dockerfile";
  for (const std::string path : {"../..", "/", "../src/../../outside", "../../ws2"}) {
    build().context = path;
    EXPECT_THAT(Mistake(), HasSubstr("outside of the project")) << path;
  }
}

TEST_F(RecipeTest, LinksOutOfTheProjectAreRefused) {
  folder_.Write("outside/Dockerfile", "FROM x\n");
  ASSERT_EQ(symlink("../outside", folder_.In("ws/out").c_str()), 0);
  ASSERT_EQ(symlink("../outside/Dockerfile", folder_.In("ws/link").c_str()), 0);
  build().dockerfile = "../link";
  EXPECT_THAT(Mistake(), HasSubstr("no link"));
  build().dockerfile = "../out/Dockerfile";
  EXPECT_THAT(Mistake(), HasSubstr("no link"));
  build().dockerfile = "Dockerfile";
  build().context = "../out";
  EXPECT_THAT(Mistake(), HasSubstr("no link"));
  build().context = "..";
  ASSERT_EQ(symlink("../outside/Dockerfile", folder_.In("ws/.dockerignore").c_str()), 0);
  EXPECT_THAT(Mistake(), HasSubstr("no link"));
}

TEST_F(RecipeTest, AFileElsewhereBuildsWhatLiesBesideIt) {
  folder_.Write("other/devcontainer.json", "{}");
  folder_.Write("other/Dockerfile", "FROM x\n");
  config_ = folder_.In("other/devcontainer.json");
  build().context = "";
  EXPECT_THAT(Key(), testing::Not(IsEmpty()));
  build().context = "../ws";
  EXPECT_THAT(Mistake(), HasSubstr("outside of the project"));
}

TEST_F(RecipeTest, WhatIsMissingIsNamed) {
  build().dockerfile = "Containerfile";
  EXPECT_THAT(Mistake(), HasSubstr("Containerfile"));
  build().dockerfile = "Dockerfile";
  build().context = "none";
  EXPECT_THAT(Mistake(), HasSubstr("none"));
  build().context = "";
  build().target = "none";
  EXPECT_THAT(Mistake(), HasSubstr("has no stage \"none\""));
}

TEST_F(RecipeTest, FeaturesCountWithAllThatIsTheirs) {
  const std::string bare = Key();
  folder_.Write("ws/.devcontainer/tool/devcontainer-feature.json",
                R"({"id": "tool", "version": "1"})");
  folder_.Write("ws/.devcontainer/tool/install.sh", "one");
  // The context would have them, too.
  folder_.Write("ws/.dockerignore", "*\n");
  const std::string ignored = Key();
  container_.features = {{{}, "./tool", nlohmann::json::object()}};
  std::set<std::string> keys = {bare, ignored, Key()};
  const auto differs = [&] { return keys.insert(Key()).second; };
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_FALSE(differs());
  container_.features[0].options = {{"x", "1"}};
  EXPECT_TRUE(differs());
  folder_.Write("ws/.devcontainer/tool/install.sh", "two");
  EXPECT_TRUE(differs());
  folder_.Write("ws/.devcontainer/tool/more", "");
  EXPECT_TRUE(differs());
  folder_.Write("ws/.devcontainer/tool/devcontainer-feature.json",
                R"({"id": "tool", "capAdd": ["X"]})");
  EXPECT_TRUE(differs());
  container_.metadata.remote_user = "node";
  EXPECT_TRUE(differs());
  container_.build.reset();
  EXPECT_THAT(Read()->read.images, ElementsAre(testing::HasSubstr("debian"))) << "our own image";
  container_.image = "debian:12";
  EXPECT_TRUE(differs());
  EXPECT_THAT(Read()->read.images, ElementsAre("debian:12"));
  EXPECT_THAT(Read()->context_name, IsEmpty());
}

TEST(BuildOptions, TakesWhatReachesNothingButTheBuild) {
  const BuildOptions options =
      TakeOptions({"--network", "host", "--pull", "--no-cache=false", "--label", "a=b",
                   "--label=c=d", "--platform=linux/arm64", "--target", "--pull=false", "--label"});
  EXPECT_FALSE(options.pull) << "the last one counts";
  EXPECT_FALSE(options.no_cache);
  EXPECT_EQ(options.platform, "linux/arm64");
  EXPECT_THAT(options.target, IsEmpty());
  EXPECT_THAT(options.labels, ElementsAre("a=b", "c=d"));
}

}  // namespace
}  // namespace aileron::build
