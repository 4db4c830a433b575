// Tested by src/image/source_test.cc.

#include "image/layout_source.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "image/json_fields.h"
#include "image/limits.h"
#include "image/resolve.h"

namespace aileron::image {
namespace {

constexpr std::string_view kVersion = "1.0.0";
constexpr std::size_t kNamesShown = 8;

std::string PathOf(const Digest& digest) {
  return fmt::format("blobs/{}/{}", Name(digest.algorithm), digest.hex);
}

std::string NamesOf(const Index& index) {
  std::set<std::string> names;
  for (const Descriptor& one : index.manifests) names.insert(one.name);
  names.erase("");
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    if (++count > kNamesShown) break;
    text += (text.empty() ? "" : ", ") + Printable(BeginningOf(name, limits::kQuotedMax));
  }
  if (names.size() > kNamesShown) text += fmt::format(" and {} more", names.size() - kNamesShown);
  return text.empty() ? "images without a name" : text;
}

Status CheckVersion(const SourceFiles& files) {
  auto text = ReadWhole(files, "oci-layout", limits::kLayoutFileMax);
  const std::string path = Printable(files.path());
  if (!text && text.error().code == Code::kNotFound) {
    return Fail(Code::kInvalid, "{} is no OCI layout: it has no file oci-layout", path);
  }
  if (!text) return std::unexpected(std::move(text.error()));
  const std::string what = path + "/oci-layout";
  AILERON_ASSIGN(const Json json, ParseJson(*text, limits::kLayoutFileMax, what));
  AILERON_ASSIGN(const Fields fields, Fields::Of(json, what));
  AILERON_ASSIGN(const std::string version, fields.Text("imageLayoutVersion", limits::kQuotedMax));
  if (version == kVersion) return {};
  return Fail(Code::kUnsupported, "{} is a layout of version \"{}\"; {} is read here", path,
              Printable(version), kVersion);
}

class LayoutDocuments : public Documents {
 public:
  explicit LayoutDocuments(const SourceFiles& files) : files_(files) {}

  Result<std::string> Read(Kind, const Descriptor& descriptor, std::size_t most) override {
    const std::string path = PathOf(descriptor.digest);
    AILERON_ASSIGN(std::string text, ReadVerified(files_, path, descriptor.digest, most));
    if (descriptor.size != 0 && descriptor.size != text.size()) {
      return Fail(Code::kInvalid, "{}/{} has {} bytes, and {} were promised", Name(), path,
                  text.size(), descriptor.size);
    }
    return text;
  }
  std::string NameOf(const Digest& digest) const override { return PathOf(digest); }
  std::string Name() const override { return Printable(files_.path()); }

 private:
  const SourceFiles& files_;
};

}  // namespace

Result<Descriptor> LayoutSource::PickByName(const Platform& machine) const {
  const std::string what = Printable(files_->path()) + "/index.json";
  AILERON_ASSIGN(const std::string text, ReadWhole(*files_, "index.json", limits::kManifestMax));
  AILERON_ASSIGN(Index index, ParseIndex(text, what));
  const Index all = index;
  if (!reference_.tag.empty()) {
    std::erase_if(index.manifests,
                  [&](const Descriptor& one) { return one.name != reference_.tag; });
    if (index.manifests.empty()) {
      return Fail(Code::kNotFound, "{} has no image {}; it has {}", what, reference_.tag,
                  NamesOf(all));
    }
  }
  const auto other = std::ranges::find_if(index.manifests, [&](const Descriptor& one) {
    return one.name != index.manifests.front().name;
  });
  if (other != index.manifests.end()) {
    return Fail(Code::kNotFound, "{} has several images; name one behind a \":\": it has {}", what,
                NamesOf(all));
  }
  return Choose(index, machine, what);
}

Result<Digest> LayoutSource::Pick(const Platform& machine) const {
  if (reference_.digest) return *reference_.digest;
  AILERON_ASSIGN(const Descriptor picked, PickByName(machine));
  return picked.digest;
}

Result<Resolved> LayoutSource::Resolve(const Platform& machine) {
  AILERON_TRY(CheckVersion(*files_));
  Descriptor first;
  if (reference_.digest) {
    first.digest = *reference_.digest;
  } else {
    AILERON_ASSIGN(first, PickByName(machine));
  }
  LayoutDocuments documents(*files_);
  return ResolveFrom(documents, std::move(first), machine);
}

Result<Blob> LayoutSource::Open(const SourceLayer& layer) const {
  AILERON_ASSIGN(Blob blob, files_->Open(layer.name));
  if (blob.size != layer.size) {
    return Fail(Code::kInvalid, "{}/{} has {} bytes, and {} were promised. Copy the image anew",
                Printable(files_->path()), layer.name, blob.size, layer.size);
  }
  return blob;
}

}  // namespace aileron::image
