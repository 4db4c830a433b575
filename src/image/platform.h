// Platform: what a manifest is for, and whether this machine is that (OCI image-spec,
// image-index.md "platform"; the variants as containerd compares them).
//
// amd64 has levels v1 to v4, arm v5 to v8: a machine runs its own and lower ones, and higher is
// better. Of amd64 nothing means v1, of arm v7, of arm64 v8. Another architecture's variant has to
// be the same.
#pragma once

#include <optional>
#include <string>

namespace aileron::image {

struct Platform {
  std::string os;            // "linux"
  std::string architecture;  // Go's name: "amd64"
  std::string variant;       // or empty
  // "linux/arm/v7"
  std::string Text() const;
  bool operator==(const Platform&) const = default;
};

// This machine's, with the level that its processor has.
Platform HostPlatform();

// How well something made for `offered` runs on `machine`: nothing when it does not, else the more,
// the better.
std::optional<int> Fit(const Platform& machine, const Platform& offered);

}  // namespace aileron::image
