// Tested by src/image/source_test.cc.

#include "image/resolve.h"

#include "base/text.h"
#include "image/limits.h"

namespace aileron::image {

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

Result<Resolved> ResolveFrom(Documents& documents, Descriptor first, const Platform& machine) {
  for (std::size_t depth = 0; depth < limits::kIndexDepthMax; ++depth) {
    const std::string what = fmt::format("{}/{}", documents.Name(), documents.NameOf(first.digest));
    AILERON_ASSIGN(const std::string text,
                   documents.Read(Documents::Kind::kManifest, first, limits::kManifestMax));
    AILERON_ASSIGN(const Document document, ParseManifest(text, first.media_type, what));
    if (const Index* index = std::get_if<Index>(&document)) {
      AILERON_ASSIGN(first, Choose(*index, machine, what));
      continue;
    }
    const Manifest& manifest = *std::get_if<Manifest>(&document);
    Resolved resolved{.digest = first.digest};
    AILERON_ASSIGN(resolved.config_text,
                   documents.Read(Documents::Kind::kConfig, manifest.config, limits::kConfigMax));
    AILERON_ASSIGN(
        resolved.config,
        ParseConfig(resolved.config_text, fmt::format("{}/{}", documents.Name(),
                                                      documents.NameOf(manifest.config.digest))));
    for (const Layer& layer : manifest.layers) {
      resolved.layers.push_back({.name = documents.NameOf(layer.blob.digest),
                                 .digest = layer.blob.digest,
                                 .size = layer.blob.size,
                                 .compression = layer.compression});
    }
    AILERON_TRY(CheckResolved(resolved, machine, what));
    return resolved;
  }
  return Fail(Code::kInvalid, "{} has more than {} indexes within each other", documents.Name(),
              limits::kIndexDepthMax - 1);
}

}  // namespace aileron::image
