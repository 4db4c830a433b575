// OciBundle: the config.json of a container that an OCI runtime makes (OCI runtime-spec 1.0,
// config.md and config-linux.md).
//
// Its root is empty but for what is shown of the host, and is read-only: the image's layers are
// among that, and become the root of the sandbox that is built inside. It holds no capability, has
// no network but an empty one, no new privileges, and runs one program, ours. Nothing that is
// secret is in it. Control groups are the launcher's matter, as natively. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/container.h"

namespace aileron::engine {

struct OciBind {
  Bind bind;
  // The source is on a mount of which nothing is executed. In a user namespace the kernel lets
  // nobody change another option without repeating that (mount_namespaces(7)).
  bool noexec = false;
};

struct OciBundle {
  std::vector<std::string> command;
  std::vector<OciBind> binds;
  // Who runs it is no ruler of the machine: the first process maps the id of its namespace's root
  // into another one, which takes CAP_SETFCAP there (user_namespaces(7)), and gives it up.
  bool maps_root = false;
};

// "root" lies beside it.
inline constexpr std::string_view kOciRoot = "rootfs";
inline constexpr std::string_view kOciConfig = "config.json";

// kUnsupported for a path that is not UTF-8: JSON has no other name for it.
Result<std::string> OciConfig(const OciBundle& bundle);
// What the runtime mounts on, absolute, all folders; files are mounted in the entry folder alone,
// which has places for them.
std::vector<std::string> OciPlaces();

}  // namespace aileron::engine
