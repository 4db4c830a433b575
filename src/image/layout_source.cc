// Tested by src/image/source_test.cc.

#include "image/layout_source.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "image/json_fields.h"
#include "image/limits.h"

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

}  // namespace

Status CheckResolved(Resolved& resolved, const Platform& machine, std::string_view what) {
  const auto& diff_ids = resolved.config.diff_ids;
  if (resolved.layers.size() != diff_ids.size()) {
    return Fail(Code::kInvalid, "{} has {} layers, and its config has diff ids of {}", what,
                resolved.layers.size(), diff_ids.size());
  }
  if (diff_ids.empty())
    return Fail(Code::kInvalid, "{} has no layers: nothing can run in it", what);
  for (std::size_t i = 0; i < diff_ids.size(); ++i) {
    if (diff_ids[i].algorithm != Algorithm::kSha256) {
      return Fail(Code::kUnsupported,
                  "{}: the diff id of layer {} is {}; sha256 is what images have", what, i,
                  diff_ids[i].Text());
    }
    resolved.layers[i].diff_id = diff_ids[i];
  }
  if (!Fit(machine, resolved.config.platform)) {
    return Fail(Code::kUnsupported, "{} is for {}, and this machine is {}", what,
                Printable(resolved.config.platform.Text()), machine.Text());
  }
  return {};
}

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

Result<std::string> LayoutSource::ReadDocument(const Digest& digest,
                                               const std::optional<Descriptor>& promised,
                                               std::size_t most) const {
  AILERON_ASSIGN(std::string text, ReadVerified(*files_, PathOf(digest), digest, most));
  if (promised && promised->size != text.size()) {
    return Fail(Code::kInvalid, "{}/{} has {} bytes, and {} were promised",
                Printable(files_->path()), PathOf(digest), text.size(), promised->size);
  }
  return text;
}

Result<Resolved> LayoutSource::Resolve(const Platform& machine) {
  AILERON_TRY(CheckVersion(*files_));
  std::optional<Descriptor> promised;
  if (!reference_.digest) {
    AILERON_ASSIGN(promised, PickByName(machine));
  }
  for (std::size_t depth = 0; depth < limits::kIndexDepthMax; ++depth) {
    const Digest digest = promised ? promised->digest : *reference_.digest;
    const std::string what = Printable(files_->path()) + "/" + PathOf(digest);
    AILERON_ASSIGN(const std::string text, ReadDocument(digest, promised, limits::kManifestMax));
    AILERON_ASSIGN(const Document document,
                   ParseManifest(text, promised ? promised->media_type : "", what));
    if (const Index* index = std::get_if<Index>(&document)) {
      AILERON_ASSIGN(promised, Choose(*index, machine, what));
      continue;
    }
    const Manifest& manifest = *std::get_if<Manifest>(&document);
    Resolved resolved{.digest = digest};
    AILERON_ASSIGN(resolved.config_text,
                   ReadDocument(manifest.config.digest, manifest.config, limits::kConfigMax));
    AILERON_ASSIGN(resolved.config,
                   ParseConfig(resolved.config_text,
                               Printable(files_->path()) + "/" + PathOf(manifest.config.digest)));
    for (const Layer& layer : manifest.layers) {
      resolved.layers.push_back({.name = PathOf(layer.blob.digest),
                                 .digest = layer.blob.digest,
                                 .size = layer.blob.size,
                                 .compression = layer.compression});
    }
    AILERON_TRY(CheckResolved(resolved, machine, what));
    return resolved;
  }
  return Fail(Code::kInvalid, "{} has more than {} indexes within each other",
              Printable(files_->path()), limits::kIndexDepthMax - 1);
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
