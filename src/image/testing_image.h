// For tests: images in the forms that sources have, made in a folder of the test's own.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "image/digest.h"
#include "image/json_fields.h"
#include "image/platform.h"
#include "image/testing_tar.h"
#include "os/fd.h"
#include "os/remove_tree.h"

namespace aileron::image {

// A folder that goes with its owner.
class TestFolder {
 public:
  TestFolder() {
    char made[] = "/tmp/aileron-image-XXXXXX";
    AILERON_CHECK(mkdtemp(made) != nullptr);
    path_ = made;
  }
  ~TestFolder() { (void)os::RemoveTree(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string In(std::string_view name) const { return fmt::format("{}/{}", path_, name); }
  void Write(const std::string& name, std::string_view content) const {
    const std::string whole = In(name);
    AILERON_CHECK(os::MakeFolders(whole.substr(0, whole.rfind('/')), 0700).has_value());
    std::ofstream(whole, std::ios::binary | std::ios::trunc) << content;
  }
  bool Has(const std::string& name) const {
    struct stat info;
    return lstat(In(name).c_str(), &info) == 0;
  }

 private:
  std::string path_;
};

// What a test's image consists of: its layers' bytes, and its config's "config".
struct TestImage {
  std::vector<std::string> layers;
  Json run = Json::object();
  Platform platform = HostPlatform();

  std::string ConfigText() const {
    Json diff_ids = Json::array();
    for (const std::string& layer : layers) diff_ids.push_back(DigestOf(layer).Text());
    return Json({{"os", platform.os},
                 {"architecture", platform.architecture},
                 {"config", run},
                 {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}})
        .dump();
  }
};

// Fills a folder, or a tar, with files by name.
class TestLayout {
 public:
  TestLayout() { files_["oci-layout"] = R"({"imageLayoutVersion":"1.0.0"})"; }

  std::string AddBlob(std::string_view content, Algorithm algorithm = Algorithm::kSha256) {
    const Digest digest = DigestOf(content, algorithm);
    files_[fmt::format("blobs/{}/{}", Name(algorithm), digest.hex)] = content;
    return digest.Text();
  }
  Json Describe(std::string_view type, std::string_view content,
                Algorithm algorithm = Algorithm::kSha256) {
    return {{"mediaType", type}, {"digest", AddBlob(content, algorithm)}, {"size", content.size()}};
  }
  // The manifest's descriptor.
  Json AddManifest(const TestImage& image, Algorithm algorithm = Algorithm::kSha256) {
    Json layers = Json::array();
    for (const std::string& layer : image.layers) {
      layers.push_back(Describe("application/vnd.oci.image.layer.v1.tar", layer, algorithm));
    }
    const Json manifest = {
        {"schemaVersion", 2},
        {"config", Describe("application/vnd.oci.image.config.v1+json", image.ConfigText())},
        {"layers", layers}};
    return Describe("application/vnd.oci.image.manifest.v1+json", manifest.dump());
  }
  // The same, listed in index.json under a name. Returns its digest.
  Digest AddImage(const TestImage& image, const std::string& name = {},
                  Algorithm algorithm = Algorithm::kSha256) {
    Json descriptor = AddManifest(image, algorithm);
    List(descriptor, name);
    return ParseDigest(descriptor["digest"].get<std::string>()).value();
  }
  void List(Json descriptor, const std::string& name = {}) {
    if (!name.empty()) descriptor["annotations"] = {{"org.opencontainers.image.ref.name", name}};
    index_.push_back(descriptor);
    files_["index.json"] = Json({{"schemaVersion", 2}, {"manifests", index_}}).dump();
  }

  std::map<std::string, std::string>& files() { return files_; }
  void WriteTo(const TestFolder& folder, const std::string& name) const {
    for (const auto& [file, content] : files_) folder.Write(name + "/" + file, content);
  }
  std::string Tar() const {
    std::string tar;
    for (const auto& [file, content] : files_) tar += TarEntryBytes(file, content);
    return tar + TarEnd();
  }

 private:
  std::map<std::string, std::string> files_;
  Json index_ = Json::array();
};

// What "docker save" writes of one image.
inline std::string DockerArchiveOf(const TestImage& image, const std::string& tag) {
  std::string tar;
  Json layers = Json::array();
  for (const std::string& layer : image.layers) {
    layers.push_back(DigestOf(layer).hex + "/layer.tar");
    tar += TarEntryBytes(layers.back().get<std::string>(), layer);
  }
  const std::string config = DigestOf(image.ConfigText()).hex + ".json";
  tar += TarEntryBytes(config, image.ConfigText());
  const Json list = {{{"Config", config}, {"RepoTags", {tag}}, {"Layers", layers}}};
  return tar + TarEntryBytes("manifest.json", list.dump()) + TarEnd();
}

}  // namespace aileron::image
