#include "image/permissions.h"

#include <algorithm>
#include <array>

#include "base/below.h"
#include "base/text.h"

namespace aileron::image {
namespace {

constexpr auto kNames =
    std::to_array<std::string_view>({"honoured", "partly", "not honoured", "withheld", "refused"});
// Places inside that are the sandbox's own.
constexpr auto kReserved = std::to_array<std::string_view>(
    {"/proc", "/sys", "/dev", "/run/aileron", "/run/aileron-copies"});
// And those of the root, which rules about programs go by (docs/adr/0019).
constexpr auto kSystem =
    std::to_array<std::string_view>({"/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/sbin",
                                     "/usr/bin", "/usr/lib", "/usr/libexec", "/usr/sbin"});
constexpr auto kEngineSockets = std::to_array<std::string_view>(
    {"docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock"});

bool Holds(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

Verdict Withheld(std::string why) { return {Honour::kWithheld, std::move(why)}; }

Verdict JudgeBind(const Mount& mount, std::string_view workspace, const Permissions& permissions) {
  if (!mount.source.starts_with('/')) {
    return {Honour::kNotHonoured, "what is bound is an absolute path of the host"};
  }
  const std::string source = PlainPath(mount.source);
  const std::string_view name = std::string_view(source).substr(source.rfind('/') + 1);
  if (std::ranges::find(kEngineSockets, name) != kEngineSockets.end()) {
    return {Honour::kNotHonoured, "whoever reaches an engine's socket is root on the host"};
  }
  if (IsOrBelow(source, workspace)) return {Honour::kHonoured, "a part of the workspace"};
  if (const HostFolder* folder = FindHostFolder(permissions, source)) {
    if (folder->writable || mount.read_only) {
      return {Honour::kHonoured, "your devcontainers.yaml allows it"};
    }
    return {Honour::kPartly, "read-only, as your devcontainers.yaml allows it"};
  }
  return Withheld(
      fmt::format("shows a part of the host. To allow it to every devcontainer, write \"- {}\" "
                  "below mounts: in ~/.config/aileron/devcontainers.yaml",
                  Printable(source)));
}

}  // namespace

const HostFolder* FindHostFolder(const Permissions& permissions, std::string_view source) {
  const auto found =
      std::ranges::find(permissions.host_folders, PlainPath(source), &HostFolder::path);
  return found == permissions.host_folders.end() ? nullptr : &*found;
}

std::string_view Name(Honour honour) { return kNames[static_cast<std::size_t>(honour)]; }

Verdict JudgePrivileged(const Permissions& permissions) {
  if (permissions.privileged) return {Honour::kHonoured, "your policy allows it"};
  return Withheld("takes the walls away, and no policy allows that yet");
}

Verdict JudgeCapability(std::string_view name, const Permissions& permissions) {
  if (name.starts_with("CAP_")) name.remove_prefix(4);
  if (Holds(permissions.capabilities, name)) return {Honour::kHonoured, "your policy allows it"};
  return Withheld("the agent has no capabilities, and no policy gives any yet");
}

Verdict JudgeSecurityOption(std::string_view option, const Permissions& permissions) {
  if (option == "no-new-privileges" || option == "no-new-privileges:true" ||
      option == "no-new-privileges=true") {
    return {Honour::kHonoured, "always so"};
  }
  if (Holds(permissions.security_options, option)) {
    return {Honour::kHonoured, "your policy allows it"};
  }
  return Withheld("changes the walls, and no policy allows that yet");
}

Verdict JudgePlace(std::string_view target) {
  if (!target.starts_with('/')) {
    return {Honour::kNotHonoured, "where it is mounted is an absolute path inside"};
  }
  const std::string plain = PlainPath(target);
  const auto meets = [&](std::string_view place) {
    return IsOrBelow(plain, place) || IsOrBelow(place, plain);
  };
  if (std::ranges::any_of(kReserved, meets)) {
    return {Honour::kNotHonoured, "that place is the sandbox's own"};
  }
  if (std::ranges::any_of(kSystem, meets)) {
    return {Honour::kNotHonoured, "programs and settings of the root stay what they are"};
  }
  return {};
}

Verdict JudgeMount(const Mount& mount, std::string_view workspace, const Permissions& permissions) {
  Verdict verdict = JudgePlace(mount.target);
  if (verdict.honour != Honour::kHonoured) return verdict;
  if (mount.type == "bind") {
    verdict = JudgeBind(mount, workspace, permissions);
  } else if (mount.type == "tmpfs") {
    verdict.why = "memory, gone with the sandbox";
  } else if (!mount.type.empty() && mount.type != "volume") {
    return {Honour::kNotHonoured, "there are binds, volumes and tmpfs"};
  } else if (mount.source.contains('/')) {
    return {Honour::kNotHonoured, "a volume has a name, no path"};
  } else {
    verdict.why = mount.source.empty() ? "a volume of this sandbox alone"
                                       : "a volume of this project, which is kept";
  }
  if (verdict.honour == Honour::kHonoured && !mount.others.empty()) {
    verdict.honour = Honour::kPartly;
    verdict.why += fmt::format("; without {}", Printable(Join(mount.others, ", ")));
  }
  return verdict;
}

std::string PlainPath(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string plain;
  for (const std::string_view part : parts) plain.append("/").append(part);
  return plain.empty() ? "/" : plain;
}

}  // namespace aileron::image
