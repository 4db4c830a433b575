#include "image/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/json_fields.h"
#include "image/limits.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
constexpr const char* kOciConfig = "application/vnd.oci.image.config.v1+json";
constexpr const char* kOciLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr const char* kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

Json Blob(const char* type, const std::string& content) {
  return {{"mediaType", type}, {"digest", DigestOf(content).Text()}, {"size", content.size()}};
}

Json OneManifest() {
  return {{"schemaVersion", 2},
          {"mediaType", kOciManifest},
          {"config", Blob(kOciConfig, "config")},
          {"layers",
           {Blob(kOciLayer, "a"), Blob("application/vnd.docker.image.rootfs.diff.tar", "b"),
            Blob("application/vnd.oci.image.layer.v1.tar+zstd", "c")}}};
}

Json OneIndex(std::initializer_list<const char*> platforms) {
  Json index = {{"schemaVersion", 2}, {"manifests", Json::array()}};
  for (const std::string platform : platforms) {
    Json blob = Blob(kOciManifest, platform);
    const std::size_t slash = platform.find('/'), second = platform.find('/', slash + 1);
    if (!platform.empty()) {
      blob["platform"] = {{"os", platform.substr(0, slash)},
                          {"architecture", platform.substr(slash + 1, second - slash - 1)}};
      if (second != std::string::npos) blob["platform"]["variant"] = platform.substr(second + 1);
    }
    index["manifests"].push_back(blob);
  }
  return index;
}

Result<Document> Parse(const Json& json, std::string_view type = {}) {
  return ParseManifest(json.dump(), type, "the manifest");
}

Error ErrorOf(const Json& json, std::string_view type = {}) {
  const auto document = Parse(json, type);
  return document ? Error{Code::kInternal, "none"} : document.error();
}

TEST(Manifest, OfBothFormsIsRead) {
  for (const char* type : {kOciManifest, kDockerManifest}) {
    Json json = OneManifest();
    json["mediaType"] = type;
    const Document document = Parse(json, type).value();
    const auto& manifest = std::get<Manifest>(document);
    EXPECT_EQ(manifest.config.digest, DigestOf("config"));
    ASSERT_EQ(manifest.layers.size(), 3u);
    EXPECT_EQ(manifest.layers[0].compression, Compression::kGzip);
    EXPECT_EQ(manifest.layers[1].compression, Compression::kNone);
    EXPECT_EQ(manifest.layers[2].compression, Compression::kZstd);
    EXPECT_EQ(manifest.layers[2].blob.size, 1u);
  }
}

TEST(Manifest, AnIndexKeepsImagesAndLeavesOtherKindsOut) {
  for (const char* type : {kOciIndex, kDockerList}) {
    Json json = OneIndex({"linux/amd64", "linux/arm64/v8"});
    json["manifests"].push_back(Blob("application/vnd.example.signature", "s"));
    const Document document = Parse(json, type).value();
    EXPECT_EQ(std::get<Index>(document).manifests.size(), 2u);
  }
}

TEST(Manifest, ThePlatformThatFitsBestIsChosen) {
  const Platform machine{"linux", "amd64", "v3"};
  const auto chosen = [&](std::initializer_list<const char*> platforms) {
    const auto one = Choose(ParseIndex(OneIndex(platforms).dump(), "x").value(), machine, "x");
    return one ? one->digest : DigestOf(one.error().message);
  };
  EXPECT_EQ(chosen({"linux/arm64", "linux/amd64"}), DigestOf("linux/amd64"));
  EXPECT_EQ(chosen({"linux/amd64", "linux/amd64/v2", "linux/amd64/v4"}),
            DigestOf("linux/amd64/v2"));
  EXPECT_EQ(chosen({"unknown/unknown", "", "linux/arm64"}), DigestOf(""));
  const Index foreign =
      ParseIndex(OneIndex({"linux/arm64", "windows/amd64", "unknown/unknown"}).dump(), "x").value();
  EXPECT_THAT(Choose(foreign, machine, "x").error().message,
              HasSubstr("no image for linux/amd64/v3; it has linux/arm64, windows/amd64"));
  EXPECT_EQ(Choose({}, machine, "x").error().code, Code::kNotFound);
}

TEST(Manifest, WhatTwoReadersTakeForTwoImagesIsRefused) {
  Json both = OneManifest();
  both["manifests"] = Json::array();
  EXPECT_THAT(ErrorOf(both).message, HasSubstr("index and a manifest at once"));
  EXPECT_THAT(ErrorOf(OneManifest(), kDockerManifest).message, HasSubstr("is offered as"));
  const std::string text = OneManifest().dump();
  EXPECT_THAT(ParseManifest("{\"layers\":[]," + text.substr(1), {}, "x").error().message,
              HasSubstr("\"layers\" twice"));
  EXPECT_FALSE(ParseIndex(text, "x"));
}

TEST(Manifest, FormsThatAreNoneOfOursAreRefusedWithAWayOut) {
  EXPECT_EQ(ErrorOf({{"schemaVersion", 1}, {"fsLayers", Json::array()}}).code, Code::kUnsupported);
  EXPECT_THAT(ErrorOf({{"schemaVersion", 1}}).message, HasSubstr("schema 1"));
  EXPECT_THAT(
      ErrorOf({{"schemaVersion", 2}}, "application/vnd.docker.distribution.manifest.v1+prettyjws")
          .message,
      HasSubstr("schema 1"));
  EXPECT_THAT(ErrorOf({{"schemaVersion", 3}}).message, HasSubstr("schemaVersion is 3, not 2"));
  EXPECT_THAT(ErrorOf(OneManifest(), "text/html").message, HasSubstr("is offered as"));
  EXPECT_EQ(ErrorOf({{"schemaVersion", 2}}, "text/html").code, Code::kUnsupported);
  EXPECT_THAT(ErrorOf({{"schemaVersion", 2}}, kOciIndex).message,
              HasSubstr("manifests is missing"));
  EXPECT_THAT(ErrorOf({{"schemaVersion", 2}}).message, HasSubstr("config is missing"));
  Json chart = OneManifest();
  chart["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json";
  EXPECT_THAT(ErrorOf(chart).message, HasSubstr("no image of a container"));
}

TEST(Manifest, LayersThatComeFromElsewhereAreRefused) {
  for (const char* type : {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}) {
    Json json = OneManifest();
    json["layers"][0]["mediaType"] = type;
    EXPECT_THAT(ErrorOf(json).message, HasSubstr("from elsewhere"));
  }
  Json json = OneManifest();
  json["layers"][1]["urls"] = {"https://site.test/\x1b"};
  EXPECT_EQ(ErrorOf(json).code, Code::kUnsupported);
  EXPECT_THAT(ErrorOf(json).message, HasSubstr("layers[1].urls"));
  EXPECT_THAT(ErrorOf(json).message, HasSubstr("\\x1b"));
  json = OneManifest();
  json["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
  EXPECT_THAT(ErrorOf(json).message, HasSubstr("decrypt"));
  json["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+lzma";
  EXPECT_THAT(ErrorOf(json).message, HasSubstr("not a tar"));
}

TEST(Manifest, DescriptorsAreCheckedAndBounded) {
  const std::tuple<const char*, Json, const char*> cases[] = {
      {"size", -1, "layers[0].size is -1"},
      {"size", 1.5, "layers[0].size is 1.5"},
      {"size", "1", "layers[0].size is string"},
      {"size", limits::kBlobMax + 1, "more than"},
      {"size", nullptr, "layers[0].size is missing"},
      {"digest", "md5:00", "layers[0].digest the digest"},
      {"digest", nullptr, "layers[0].digest"},
      {"mediaType", 1, "layers[0].mediaType is number"},
      {"mediaType", std::string(limits::kMediaTypeMax + 1, 'x'), "longer than 255"},
  };
  for (const auto& [name, value, message] : cases) {
    Json json = OneManifest();
    json["layers"][0][name] = value;
    EXPECT_THAT(ErrorOf(json).message, HasSubstr(message)) << name;
  }
  Json json = OneManifest();
  json["config"]["size"] = limits::kConfigMax + 1;
  EXPECT_THAT(ErrorOf(json).message, HasSubstr("config.size"));
  json = OneManifest();
  json["layers"] = std::vector(limits::kLayersMax + 1, Blob(kOciLayer, "x"));
  EXPECT_THAT(ErrorOf(json).message, HasSubstr("layers has 501 items"));
  Json index = OneIndex({});
  index["manifests"] = std::vector(limits::kIndexEntriesMax + 1, Blob(kOciManifest, "x"));
  EXPECT_THAT(ErrorOf(index).message, HasSubstr("more than 1000"));
  EXPECT_THAT(ParseManifest(std::string(limits::kManifestMax + 1, ' '), {}, "x").error().message,
              HasSubstr("larger"));
}

TEST(Manifest, AnArtifactHasATypeAndLayers) {
  const std::string layer =
      fmt::format(R"({{"mediaType":"application/x.layer","digest":"sha256:{}","size":7}})",
                  std::string(64, 'a'));
  const auto text = [&](std::string_view config, std::string_view more = "") {
    return fmt::format(
        R"({{"schemaVersion":2,{}"config":{{"mediaType":"{}","digest":"sha256:{}","size":2}},"layers":[{}]}})",
        more, config, std::string(64, 'b'), layer);
  };
  const auto artifact = ParseArtifact(text("application/vnd.devcontainers"), {}, "it");
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->type, "application/vnd.devcontainers");
  ASSERT_EQ(artifact->layers.size(), 1U);
  EXPECT_EQ(artifact->layers[0].media_type, "application/x.layer");
  EXPECT_EQ(artifact->layers[0].size, 7U);
  EXPECT_EQ(ParseArtifact(text("a/b", R"("artifactType":"c/d",)"), {}, "it")->type, "c/d");
  // It is no image, and what is none of both is refused.
  EXPECT_FALSE(ParseManifest(text("application/vnd.devcontainers"), {}, "it"));
  EXPECT_FALSE(ParseArtifact(R"({"schemaVersion":2,"manifests":[]})", {}, "it"));
  EXPECT_FALSE(ParseArtifact(R"({"schemaVersion":2,"layers":[]})", {}, "it"));
  EXPECT_FALSE(ParseArtifact(text("a/b", R"("manifests":[],)"), {}, "it"));
  EXPECT_FALSE(ParseArtifact(text("a/b"), "application/vnd.oci.image.index.v1+json", "it"));
}

}  // namespace
}  // namespace aileron::image
