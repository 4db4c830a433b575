#include "image/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/limits.h"
#include "image/testing_image.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

class SourceTest : public testing::Test {
 protected:
  static Reference Parsed(const std::string& text) { return ParseReference(text).value(); }
  Result<Resolved> Resolve(const std::string& text) {
    AILERON_ASSIGN(source_, OpenSource(Parsed(text)));
    return source_->Resolve(HostPlatform());
  }
  std::string ErrorOf(const std::string& text) {
    const auto resolved = Resolve(text);
    return resolved ? "none" : resolved.error().message;
  }
  // All bytes of a layer.
  std::string Bytes(const SourceLayer& layer) {
    const auto blob = source_->Open(layer);
    if (!blob) return "error: " + blob.error().message;
    std::string bytes(blob->size, '\0');
    EXPECT_EQ(read(blob->file.get(), bytes.data(), bytes.size()), ssize_t(bytes.size()));
    return bytes;
  }
  std::string At(std::string_view form, std::string_view name) const {
    return fmt::format("{}:{}", form, folder_.In(name));
  }

  TestFolder folder_;
  const TestImage image_{.layers = {"lower layer", "upper layer"}, .run = {{"User", "app"}}};
  std::unique_ptr<Source> source_;
};

TEST_F(SourceTest, TheThreeFormsGiveTheSameImage) {
  TestLayout layout;
  const Digest digest = layout.AddImage(image_, "12");
  layout.WriteTo(folder_, "layout");
  folder_.Write("oci.tar", layout.Tar());
  folder_.Write("docker.tar", DockerArchiveOf(image_, "debian:12"));
  for (const std::string& text :
       {At("oci", "layout"), At("oci", "layout") + ":12", At("oci", "layout") + "@" + digest.Text(),
        At("oci-archive", "oci.tar"), At("oci-archive", "oci.tar") + ":12",
        At("docker-archive", "docker.tar"), At("docker-archive", "docker.tar") + ":debian:12"}) {
    const auto resolved = Resolve(text);
    ASSERT_TRUE(resolved) << text << ": " << resolved.error().message;
    EXPECT_EQ(resolved->config.user, "app");
    ASSERT_EQ(resolved->layers.size(), 2u);
    EXPECT_EQ(resolved->layers[0].diff_id, DigestOf("lower layer"));
    EXPECT_EQ(Bytes(resolved->layers[1]), "upper layer");
    EXPECT_EQ(Bytes(resolved->layers[0]), "lower layer");
    if (text.starts_with("oci")) EXPECT_EQ(resolved->digest, digest);
    if (text.starts_with("docker")) EXPECT_EQ(resolved->digest, DigestOf(image_.ConfigText()));
  }
}

TEST_F(SourceTest, AnIndexLeadsToThisMachinesImage) {
  TestLayout layout;
  Json ours = layout.AddManifest(image_);
  Json other = layout.AddManifest({.layers = {"x"}, .platform = {"linux", "s390x", ""}});
  other["platform"] = {{"os", "linux"}, {"architecture", "s390x"}};
  ours["platform"] = {{"os", "linux"}, {"architecture", HostPlatform().architecture}};
  const Json index = {{"schemaVersion", 2}, {"manifests", {other, ours}}};
  Json nested = layout.Describe("application/vnd.oci.image.index.v1+json", index.dump());
  for (std::size_t depth = 1; depth < limits::kIndexDepthMax; ++depth) {
    layout.List(nested, fmt::format("depth{}", depth));
    const Json around = {{"schemaVersion", 2}, {"manifests", {nested}}};
    nested = layout.Describe("application/vnd.oci.image.index.v1+json", around.dump());
  }
  layout.List(nested, "toodeep");
  layout.WriteTo(folder_, "layout");
  for (std::size_t depth = 1; depth < limits::kIndexDepthMax; ++depth) {
    const auto resolved = Resolve(At("oci", "layout") + fmt::format(":depth{}", depth));
    ASSERT_TRUE(resolved) << resolved.error().message;
    EXPECT_EQ(resolved->digest.Text(), ours["digest"].get<std::string>());
  }
  EXPECT_THAT(ErrorOf(At("oci", "layout") + ":toodeep"), HasSubstr("more than 3 indexes"));
  EXPECT_THAT(ErrorOf(At("oci", "layout") + "@" + other["digest"].get<std::string>()),
              HasSubstr("is for linux/s390x, and this machine is"));
}

TEST_F(SourceTest, ANameIsAskedForWhereThereAreSeveral) {
  TestLayout layout;
  layout.AddImage(image_, "a");
  layout.AddImage({.layers = {"x"}}, "b");
  layout.WriteTo(folder_, "layout");
  EXPECT_THAT(ErrorOf(At("oci", "layout")), HasSubstr("several images; name one behind a \":\""));
  EXPECT_THAT(ErrorOf(At("oci", "layout") + ":c"), HasSubstr("has no image c; it has a, b"));
  EXPECT_TRUE(Resolve(At("oci", "layout") + ":b"));
}

TEST_F(SourceTest, BlobsThatLieAreNamed) {
  TestLayout layout;
  layout.AddImage(image_);
  for (auto& [name, content] : layout.files()) {
    if (!name.starts_with("blobs/")) continue;
    const std::string good = content;
    content[content.size() / 2] ^= 1;
    layout.WriteTo(folder_, "layout");
    const auto resolved = Resolve(At("oci", "layout"));
    // The layers' own bytes are verified by who reads them.
    if (!good.ends_with(" layer")) {
      ASSERT_FALSE(resolved) << name;
      EXPECT_THAT(resolved.error().message, HasSubstr(name.substr(13) + " is damaged"));
    }
    content = good + " ";
    layout.WriteTo(folder_, "layout");
    if (good.ends_with(" layer")) {
      const auto again = Resolve(At("oci", "layout"));
      ASSERT_TRUE(again);
      EXPECT_THAT(Bytes(again->layers[good[0] == 'u' ? 1 : 0]), HasSubstr("were promised"));
    } else {
      EXPECT_FALSE(Resolve(At("oci", "layout")));
    }
    content = good;
  }
}

TEST_F(SourceTest, ASizeThatLiesIsRefused) {
  TestLayout layout;
  Json descriptor = layout.AddManifest(image_);
  descriptor["size"] = descriptor["size"].get<int>() + 1;
  layout.List(descriptor);
  layout.WriteTo(folder_, "layout");
  EXPECT_THAT(ErrorOf(At("oci", "layout")), HasSubstr("were promised"));
}

TEST_F(SourceTest, LinksInALayoutAreNotFollowed) {
  TestLayout layout;
  const Digest digest = layout.AddImage(image_);
  layout.WriteTo(folder_, "layout");
  const std::string blob = "layout/blobs/sha256/" + digest.hex;
  // The canary: as a file, it is read.
  EXPECT_EQ(ErrorOf(At("oci", "layout")), "none");
  ASSERT_EQ(rename(folder_.In(blob).c_str(), folder_.In("moved").c_str()), 0);
  ASSERT_EQ(symlink(folder_.In("moved").c_str(), folder_.In(blob).c_str()), 0);
  EXPECT_THAT(ErrorOf(At("oci", "layout")), HasSubstr("links are not followed"));
  ASSERT_EQ(unlink(folder_.In(blob).c_str()), 0);
  ASSERT_EQ(mkfifo(folder_.In(blob).c_str(), 0600), 0);
  EXPECT_THAT(ErrorOf(At("oci", "layout")), HasSubstr("no regular file"));
}

TEST_F(SourceTest, WhatIsNoLayoutOrArchiveIsSaidToBeNone) {
  folder_.Write("empty/x", "");
  EXPECT_THAT(ErrorOf(At("oci", "empty")), HasSubstr("no OCI layout"));
  EXPECT_THAT(ErrorOf(At("oci", "missing")), HasSubstr("cannot open the folder"));
  EXPECT_THAT(ErrorOf(At("docker-archive", "missing")), HasSubstr("cannot open"));
  EXPECT_THAT(ErrorOf(At("docker-archive", "empty")), HasSubstr("no regular file"));
  TestLayout layout;
  layout.AddImage(image_);
  folder_.Write("oci.tar", layout.Tar());
  EXPECT_THAT(ErrorOf(At("docker-archive", "oci.tar")), HasSubstr("no manifest.json"));
  layout.files()["oci-layout"] = R"({"imageLayoutVersion":"2.0.0"})";
  layout.WriteTo(folder_, "two");
  EXPECT_THAT(ErrorOf(At("oci", "two")), HasSubstr("layout of version \"2.0.0\""));
  layout.files()["oci-layout"] = std::string(limits::kLayoutFileMax + 1, ' ');
  layout.WriteTo(folder_, "two");
  EXPECT_THAT(ErrorOf(At("oci", "two")), HasSubstr("more than 1024"));
}

TEST_F(SourceTest, LayersAndDiffIdsHaveToBeOfOneNumber) {
  TestLayout layout;
  Json manifest = {
      {"schemaVersion", 2},
      {"config", layout.Describe("application/vnd.oci.image.config.v1+json", image_.ConfigText())},
      {"layers", {layout.Describe("application/vnd.oci.image.layer.v1.tar", "lower layer")}}};
  layout.List(layout.Describe("application/vnd.oci.image.manifest.v1+json", manifest.dump()));
  layout.WriteTo(folder_, "layout");
  EXPECT_THAT(ErrorOf(At("oci", "layout")),
              HasSubstr("has 1 layers, and its config has diff ids of 2"));
  TestLayout none;
  none.AddImage({.layers = {}});
  none.WriteTo(folder_, "none");
  EXPECT_THAT(ErrorOf(At("oci", "none")), HasSubstr("has no layers"));
}

TEST_F(SourceTest, AStampIsTheSameAsLongAsTheImageIs) {
  TestLayout layout;
  layout.AddImage(image_, "a");
  layout.WriteTo(folder_, "layout");
  folder_.Write("oci.tar", layout.Tar());
  const auto stamp = [&](const std::string& text) {
    return StampOf(Parsed(text), HostPlatform()).value();
  };
  const std::string folder = stamp(At("oci", "layout") + ":a");
  const std::string archive = stamp(At("oci-archive", "oci.tar") + ":a");
  layout.AddImage({.layers = {"x"}}, "b");
  layout.WriteTo(folder_, "layout");
  folder_.Write("oci.tar", layout.Tar());
  EXPECT_EQ(stamp(At("oci", "layout") + ":a"), folder);
  EXPECT_NE(stamp(At("oci-archive", "oci.tar") + ":a"), archive);
  EXPECT_NE(stamp(At("oci", "layout") + ":b"), folder);
}

}  // namespace
}  // namespace aileron::image
