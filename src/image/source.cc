#include "image/source.h"

#include "base/text.h"
#include "image/docker_archive.h"
#include "image/layout_source.h"
#include "image/limits.h"
#include "image/resolve.h"

namespace aileron::image {
namespace {

class DockerArchiveSource : public Source {
 public:
  DockerArchiveSource(std::unique_ptr<SourceFiles> files, Reference reference)
      : files_(std::move(files)), reference_(std::move(reference)) {}

  Result<Resolved> Resolve(const Platform& machine) override {
    const std::string path = Printable(files_->path());
    auto list = ReadWhole(*files_, "manifest.json", limits::kArchiveManifestMax);
    if (!list && list.error().code == Code::kNotFound) {
      return Fail(Code::kInvalid, "{} is no docker-archive: it has no manifest.json", path);
    }
    if (!list) return std::unexpected(std::move(list.error()));
    AILERON_ASSIGN(const auto images, ParseArchiveImages(*list, path + "/manifest.json"));
    AILERON_ASSIGN(const ArchiveImage image, ChooseArchiveImage(images, reference_.tag, path));
    Resolved resolved;
    AILERON_ASSIGN(resolved.config_text, ReadWhole(*files_, image.config, limits::kConfigMax));
    resolved.digest = DigestOf(resolved.config_text);
    AILERON_ASSIGN(resolved.config,
                   ParseConfig(resolved.config_text, path + "/" + Printable(image.config)));
    for (const std::string& name : image.layers) {
      AILERON_ASSIGN(const Blob blob, files_->Open(name));
      resolved.layers.push_back({.name = name, .size = blob.size});
    }
    AILERON_TRY(CheckResolved(resolved, machine, path));
    return resolved;
  }

  Result<Blob> Open(const SourceLayer& layer) const override { return files_->Open(layer.name); }

 private:
  std::unique_ptr<SourceFiles> files_;
  Reference reference_;
};

}  // namespace

Result<std::unique_ptr<Source>> OpenSource(const Reference& reference) {
  AILERON_CHECK(reference.transport != Transport::kRegistry);
  std::unique_ptr<SourceFiles> files;
  if (reference.transport == Transport::kOciLayout) {
    AILERON_ASSIGN(files, OpenFolder(reference.file));
  } else {
    AILERON_ASSIGN(files, OpenArchive(reference.file));
  }
  if (reference.transport == Transport::kDockerArchive) {
    return std::make_unique<DockerArchiveSource>(std::move(files), reference);
  }
  return std::make_unique<LayoutSource>(std::move(files), reference);
}

Result<std::string> StampOf(const Reference& reference, const Platform& machine) {
  AILERON_CHECK(reference.transport != Transport::kRegistry);
  if (reference.transport != Transport::kOciLayout) return FileStamp(reference.file);
  AILERON_ASSIGN(auto files, OpenFolder(reference.file));
  AILERON_ASSIGN(const Digest picked, LayoutSource(std::move(files), reference).Pick(machine));
  return picked.Text();
}

}  // namespace aileron::image
