// Tier: what a sandbox's root is made of.
//
//   host          no image is named: the host's root, read-only
//   base          "base": aileron's own minimal image (build/base_image.h)
//   devcontainer  what the project's devcontainer.json names, builds, or adds features to
//   own           an image that the user or customizations.aileron names, taken as it is
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "image/devcontainer.h"

namespace aileron::image {

enum class Tier : std::uint8_t { kHost, kBase, kDevContainer, kOwn };
std::string_view Name(Tier tier);  // "host"

struct TierChoice {
  Tier tier = Tier::kHost;
  std::string image;  // a reference; empty: none, or it is built
  std::string why;    // "--image says so"
};

// `flag` is --image, or empty; `container` is nothing when the workspace has no file.
TierChoice ChooseTier(std::string_view flag, const DevContainer* container);

}  // namespace aileron::image
