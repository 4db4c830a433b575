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
  DockerArchiveSource(std::unique_ptr<SourceFiles> files, Reference reference,
                      std::string stamp = {})
      : files_(std::move(files)), reference_(std::move(reference)), stamp_(std::move(stamp)) {}

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
  std::string stamp() const override { return stamp_; }

 private:
  std::unique_ptr<SourceFiles> files_;
  Reference reference_;
  std::string stamp_;
};

}  // namespace

Result<std::unique_ptr<Source>> OpenSource(const Reference& reference) {
  AILERON_CHECK(IsFile(reference.transport));
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

Result<std::unique_ptr<Source>> OpenExport(os::Fd archive, const std::string& name,
                                           std::string stamp) {
  AILERON_ASSIGN(auto files, OpenArchive(std::move(archive), name));
  return std::make_unique<DockerArchiveSource>(
      std::move(files), Reference{.transport = Transport::kDockerArchive}, std::move(stamp));
}

Result<std::string> StampOf(const Reference& reference, const Platform& machine) {
  AILERON_CHECK(IsFile(reference.transport));
  if (reference.transport != Transport::kOciLayout) return FileStamp(reference.file);
  AILERON_ASSIGN(auto files, OpenFolder(reference.file));
  AILERON_ASSIGN(const Digest picked, LayoutSource(std::move(files), reference).Pick(machine));
  return picked.Text();
}

}  // namespace aileron::image
