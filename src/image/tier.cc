#include "image/tier.h"

#include <array>

namespace aileron::image {
namespace {

constexpr std::string_view kBaseImage = "base";
constexpr auto kNames =
    std::to_array<std::string_view>({"host", "base", "devcontainer", "own image"});

TierChoice Named(std::string_view image, std::string why) {
  if (image == kBaseImage) return {.tier = Tier::kBase, .why = std::move(why)};
  return {.tier = Tier::kOwn, .image = std::string(image), .why = std::move(why)};
}

}  // namespace

std::string_view Name(Tier tier) { return kNames[static_cast<std::size_t>(tier)]; }

TierChoice ChooseTier(std::string_view flag, const DevContainer* container) {
  if (!flag.empty()) return Named(flag, "--image says so");
  if (container == nullptr) return {.why = "no image is named, and there is no devcontainer.json"};
  if (container->aileron && !container->aileron->image.empty()) {
    return Named(container->aileron->image, "customizations.aileron.image says so");
  }
  TierChoice choice{.tier = Tier::kDevContainer, .image = container->image};
  if (!container->features.empty() && !container->image.empty()) {
    choice.why = "features are added to the image that the file names";
  } else if (container->build) {
    choice.why = "the file names what to build";
  } else if (!container->image.empty()) {
    choice.why = "the file names the image";
  } else if (!container->docker_compose_files.empty()) {
    choice.why = "the file names services of docker compose";
  } else if (!container->features.empty()) {
    choice.why = "features are added to aileron's own image, since the file names none";
  } else {
    choice = {.tier = Tier::kHost, .why = "the file names no image"};
  }
  return choice;
}

}  // namespace aileron::image
