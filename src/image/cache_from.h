// CacheImage: an entry of a devcontainer's build.cacheFrom, which names an image whose layers a
// build may take instead of making them (docker build, "--cache-from").
//
//   entry = reference | "type=registry,ref=" reference     in either order
//
// Taken are images of registries. What other kinds there are (type=local, gha, s3 …) read folders
// and credentials of the host. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "image/reference.h"

namespace aileron::image {

// Nothing for what is not taken.
std::optional<Reference> CacheImage(std::string_view entry);

}  // namespace aileron::image
