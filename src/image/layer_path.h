// LayerPath: what an entry's name in a layer means (OCI image-spec, layer.md, "Whiteouts").
//
//   a/b              itself
//   a/.wh.b          a whiteout: "b" of the layers below is hidden in "a"
//   a/.wh..wh..opq   an opaque whiteout: all of the layers below is hidden in "a"
//   .wh..wh.plnk/…   other names that begin so are AUFS's own, and left out as other runtimes do
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "image/layer_limits.h"

namespace aileron::image {

struct LayerPath {
  enum class Kind : unsigned char { kEntry, kWhiteout, kOpaque, kLeftOut };

  Kind kind = Kind::kEntry;
  // Below the root: "usr/bin/x", with neither "." nor ".." nor empty parts; "" is the root. Of a
  // whiteout what it hides, of an opaque one the folder.
  std::string path;
};

// A leading "/" and "./" mean the layer's root, as they do to Docker and containerd. kInvalid for a
// name that is empty, has "..", a part that is longer than limits::kNameMax, or more than the
// layer's bounds; and for a reserved name that hides nothing.
Result<LayerPath> ParseLayerPath(std::string_view name, const LayerLimits& limits);

// The path that a hard link names: the same, but no whiteout.
Result<std::string> ParseLayerTarget(std::string_view name, const LayerLimits& limits);

}  // namespace aileron::image
