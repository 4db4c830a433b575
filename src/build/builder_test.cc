#include "build/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "image/testing_image.h"

namespace aileron::build {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class FindBuilderTest : public testing::Test {
 protected:
  void Put(const std::string& program, unsigned mode = 0755) const {
    folder_.Write(program, "#!/bin/sh\n");
    ASSERT_EQ(chmod(folder_.In(program).c_str(), mode), 0);
  }
  std::string Found(std::string_view path, std::string_view named = "") const {
    const auto found =
        FindBuilder(named, path, std::vector<std::string>{folder_.In("ws"), folder_.In("ws2")});
    return found ? found->program : "";
  }

  image::TestFolder folder_;
};

TEST_F(FindBuilderTest, TakesTheFirstKindThatIsThere) {
  const std::string path = fmt::format("{}:{}", folder_.In("a"), folder_.In("b"));
  EXPECT_EQ(Found(path), "");
  Put("a/docker");
  EXPECT_EQ(Found(path), folder_.In("a/docker"));
  Put("b/podman");
  EXPECT_EQ(Found(path), folder_.In("b/podman"));
  Put("b/buildah");
  EXPECT_EQ(Found(path), folder_.In("b/buildah"));
  EXPECT_EQ(Found(path, "docker"), folder_.In("a/docker"));
  Put("a/buildah", 0644);
  EXPECT_EQ(Found(path), folder_.In("b/buildah")) << "what cannot be started is none";
}

TEST_F(FindBuilderTest, NothingOfTheProjectIsStarted) {
  Put("ws/bin/buildah");
  EXPECT_EQ(Found(folder_.In("ws/bin")), "");
  EXPECT_EQ(Found(folder_.In("other/../ws/bin")), "");
  EXPECT_EQ(Found("ws/bin:.:"), "");
  ASSERT_EQ(symlink(folder_.In("ws/bin").c_str(), folder_.In("link").c_str()), 0);
  EXPECT_EQ(Found(folder_.In("link")), "");
  folder_.Write("out/x", "");
  ASSERT_EQ(symlink(folder_.In("ws/bin/buildah").c_str(), folder_.In("out/buildah").c_str()), 0);
  EXPECT_EQ(Found(folder_.In("out")), "");
  Put("ws2/bin/buildah");
  EXPECT_EQ(Found(folder_.In("ws2/bin")), "") << "of any of them";
  // A link of the project's is one that an agent lets lead elsewhere, once it was looked at.
  Put("real/buildah");
  folder_.Write("ws/links/x", "");
  ASSERT_EQ(symlink(folder_.In("real/buildah").c_str(), folder_.In("ws/links/buildah").c_str()), 0);
  ASSERT_EQ(symlink(folder_.In("ws/links").c_str(), folder_.In("links").c_str()), 0);
  EXPECT_EQ(Found(folder_.In("links")), "");
  EXPECT_THAT(FindBuilder("", folder_.In("links"), std::vector<std::string>{folder_.In("ws")})
                  .error()
                  .message,
              HasSubstr("buildah is not started"));
  Put("elsewhere/buildah");
  EXPECT_EQ(Found(fmt::format("{}:{}", folder_.In("ws/bin"), folder_.In("elsewhere"))),
            folder_.In("elsewhere/buildah"));
}

TEST_F(FindBuilderTest, WhatIsMissingIsNamedWithItsPackage) {
  EXPECT_THAT(FindBuilder("", "/nowhere", {}).error().message,
              HasSubstr("apt-get install buildah"));
  const auto named = FindBuilder("podman", "/nowhere", {});
  EXPECT_EQ(named.error().code, Code::kUnavailable);
  EXPECT_THAT(named.error().message, HasSubstr("podman is not in PATH"));
}

TEST(Builder, LinesAreWordsOfTheirOwn) {
  const BuildStep step{.dockerfile = "/b/Dockerfile",
                       .context = "/b/context",
                       .ignore_file = "/b/ignore",
                       .id_file = "/b/id",
                       .tag = "localhost/x:1",
                       .target = "dev",
                       .platform = "linux/arm64",
                       .args = {{"A", "two words; $(x)"}},
                       .labels = {"a=b"},
                       .pull = true,
                       .no_cache = true};
  const Builder buildah{Builder::Kind::kBuildah, "/opt/buildah", "/bin/buildah"};
  EXPECT_THAT(
      BuildLine(buildah, step),
      ElementsAre("/bin/buildah", "build", "--file", "/b/Dockerfile", "--iidfile", "/b/id", "--tag",
                  "localhost/x:1", "--ignorefile", "/b/ignore", "--layers", "--target", "dev",
                  "--platform", "linux/arm64", "--build-arg", "A=two words; $(x)", "--label", "a=b",
                  "--pull", "--no-cache", "--", "/b/context"));
  EXPECT_THAT(ExportLine(buildah, "ab", "/b/i.tar"),
              ElementsAre("/bin/buildah", "push", "ab", "oci-archive:/b/i.tar"));
  const Builder docker{Builder::Kind::kDocker, "/opt/docker", "/bin/docker"};
  EXPECT_THAT(BuildLine(docker, step), Not(Contains("--ignorefile")));
  EXPECT_THAT(BuildLine(docker, {}), Not(Contains("--pull")));
  EXPECT_THAT(ExportLine(docker, "ab", "/b/i.tar"),
              ElementsAre("/bin/docker", "save", "--output", "/b/i.tar", "ab"));
  EXPECT_EQ(ArchiveForm(docker), image::Transport::kDockerArchive);
  EXPECT_EQ(ArchiveForm(buildah), image::Transport::kOciArchive);
}

TEST(Builder, EachIsToldOfCachesInItsWay) {
  BuildStep step{.cache_from = {*image::ParseReference("ghcr.io/team/app:1"),
                                *image::ParseReference("debian")}};
  const auto line = [&](Builder::Kind kind) {
    return Join(BuildLine({kind, "/opt/x", "/bin/x"}, step), " ");
  };
  EXPECT_THAT(line(Builder::Kind::kDocker),
              HasSubstr("--cache-from ghcr.io/team/app:1 --cache-from docker.io/library/debian"));
  EXPECT_THAT(line(Builder::Kind::kBuildah), HasSubstr("--cache-from ghcr.io/team/app --"));
  EXPECT_THAT(line(Builder::Kind::kPodman), Not(HasSubstr("debian")));
  step.no_cache = true;
  EXPECT_THAT(line(Builder::Kind::kBuildah), Not(HasSubstr("--cache-from")));
}

TEST(Builder, FactsAreReadAsEachPrintsThem) {
  const Builder podman{Builder::Kind::kPodman, "/opt/podman", "/bin/podman"};
  EXPECT_THAT(InspectLine(podman, "ab"), ElementsAre("/bin/podman", "image", "inspect", "ab"));
  const Builder buildah{Builder::Kind::kBuildah, "/opt/buildah", "/bin/buildah"};
  EXPECT_THAT(InspectLine(buildah, "ab"),
              ElementsAre("/bin/buildah", "inspect", "--type", "image", "ab"));
  for (
      const std::string text :
      {R"([{"Config": {"User": "node", "Labels": {"devcontainer.metadata": "[]"}}}])",
       R"({"OCIv1": {"config": {"User": "node", "Labels": {"devcontainer.metadata": "[]"}}}, "Config": "a text"})"}) {
    const auto facts = ParseFacts(text);
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->user, "node");
    EXPECT_EQ(facts->label, "[]");
  }
  const auto bare = ParseFacts(R"([{"Config": {"Labels": null}}])");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->user + bare->label, "");
  for (const std::string text : {"", "[]", "{}", "[{}]", R"([{"Config": {"User": 1}}])", "[1]"}) {
    EXPECT_FALSE(ParseFacts(text)) << text;
  }
}

TEST(Builder, AnIdIsReadStrictly) {
  const std::string id(64, 'a');
  EXPECT_EQ(ParseImageId(id).value(), id);
  EXPECT_EQ(ParseImageId("sha256:" + id + "\n").value(), id);
  for (const std::string& bad : {std::string(), std::string("x"), id + "a", "--help " + id,
                                 "sha256:" + std::string(64, 'A')}) {
    EXPECT_FALSE(ParseImageId(bad)) << bad;
  }
}

}  // namespace
}  // namespace aileron::build
