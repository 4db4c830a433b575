#include "image/docker_archive.h"

#include <algorithm>

#include "base/text.h"
#include "image/json_fields.h"
#include "image/limits.h"
#include "image/reference.h"

namespace aileron::image {
namespace {

constexpr std::size_t kTagsShown = 8;

Result<ArchiveImage> ReadImage(const Fields& fields) {
  ArchiveImage image;
  AILERON_ASSIGN(image.config, fields.Text("Config", limits::kArchiveNameMax));
  if (image.config.empty()) return fields.Wrong("Config", "is missing");
  AILERON_ASSIGN(const auto tags, fields.Texts("RepoTags", limits::kReferenceMax));
  for (const std::string& tag : tags) {
    if (const auto reference = ParseReference(tag)) image.tags.push_back(reference->Text());
  }
  AILERON_ASSIGN(image.layers, fields.Texts("Layers", limits::kArchiveNameMax));
  if (image.layers.size() > limits::kLayersMax) {
    return fields.Wrong("Layers", fmt::format("has more than {} layers", limits::kLayersMax));
  }
  return image;
}

}  // namespace

Result<std::vector<ArchiveImage>> ParseArchiveImages(std::string_view text, std::string_view what) {
  AILERON_ASSIGN(const Json json, ParseJson(text, limits::kArchiveManifestMax, what));
  if (!json.is_array()) return Fail(Code::kInvalid, "{} is no list of images", what);
  if (json.size() > limits::kArchiveImagesMax) {
    return Fail(Code::kInvalid, "{} lists more than {} images", what, limits::kArchiveImagesMax);
  }
  std::vector<ArchiveImage> images;
  for (const Json& item : json) {
    AILERON_ASSIGN(const Fields fields, Fields::Of(item, what, fmt::format("[{}]", images.size())));
    AILERON_ASSIGN(ArchiveImage image, ReadImage(fields));
    images.push_back(std::move(image));
  }
  return images;
}

Result<ArchiveImage> ChooseArchiveImage(const std::vector<ArchiveImage>& images,
                                        std::string_view tag, std::string_view what) {
  if (tag.empty() && images.size() == 1) return images.front();
  std::string there;
  std::size_t count = 0;
  for (const ArchiveImage& image : images) {
    if (!tag.empty() && std::ranges::find(image.tags, tag) != image.tags.end()) return image;
    for (const std::string& one : image.tags) {
      if (++count <= kTagsShown) there += (there.empty() ? "" : ", ") + one;
    }
  }
  if (count > kTagsShown) there += fmt::format(" and {} more", count - kTagsShown);
  if (there.empty()) there = "images without a tag";
  if (tag.empty()) {
    return Fail(Code::kNotFound, "{} has {} images; name one behind a \":\": it has {}", what,
                images.size(), there);
  }
  return Fail(Code::kNotFound, "{} has no image {}; it has {}", what, tag, there);
}

}  // namespace aileron::image
