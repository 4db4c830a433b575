#include "image/platform.h"

#include <sys/utsname.h>

#include <fmt/format.h>

#include "base/text.h"

namespace aileron::image {
namespace {

// The level that a variant names: "v3" is 3. Nothing for another word.
std::optional<int> LevelOf(const Platform& platform) {
  const std::string_view variant = platform.variant;
  if (variant.empty()) {
    return platform.architecture == "amd64" ? 1 : platform.architecture == "arm64" ? 8 : 7;
  }
  return ParseInteger<int>(variant.substr(variant.starts_with('v') ? 1 : 0));
}

bool HasLevels(std::string_view architecture) {
  return architecture == "amd64" || architecture == "arm" || architecture == "arm64";
}

}  // namespace

std::string Platform::Text() const {
  return fmt::format("{}/{}{}{}", os, architecture, variant.empty() ? "" : "/", variant);
}

Platform HostPlatform() {
  utsname names{};
  uname(&names);
  const std::string_view machine = names.machine;
  Platform platform{.os = "linux", .architecture = std::string(machine), .variant = {}};
  if (machine == "x86_64") {
    platform.architecture = "amd64";
#if defined(__x86_64__)
    platform.variant = __builtin_cpu_supports("x86-64-v4")   ? "v4"
                       : __builtin_cpu_supports("x86-64-v3") ? "v3"
                       : __builtin_cpu_supports("x86-64-v2") ? "v2"
                                                             : "v1";
#endif
  } else if (machine == "aarch64") {
    platform.architecture = "arm64";
    platform.variant = "v8";
  }
  return platform;
}

std::optional<int> Fit(const Platform& machine, const Platform& offered) {
  if (machine.os != offered.os || machine.architecture != offered.architecture) return std::nullopt;
  if (!HasLevels(machine.architecture)) {
    if (machine.variant != offered.variant) return std::nullopt;
    return 0;
  }
  const auto has = LevelOf(machine), wants = LevelOf(offered);
  if (!has || !wants || *wants > *has) return std::nullopt;
  return *wants;
}

}  // namespace aileron::image
