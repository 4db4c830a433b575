#include "launch/walls.h"

#include <algorithm>
#include <array>

#include "base/below.h"
#include "os/landlock.h"
#include "os/mounts.h"
#include "sandbox/spec.h"

namespace aileron::launch {

namespace {

// Private, or the sandbox's own: what is written there ends with it.
constexpr const char* kProc = "/proc";
constexpr std::array kPrivateFolders = {"/tmp", "/var/tmp", "/run", "/dev", kProc};
// Of the host, on every machine; each may be a mount of its own.
constexpr std::array<std::string_view, 3> kHostFolders = {"/", "/usr", "/etc"};
// Files of aileron that exist while a session does.
constexpr std::array kStateFiles = {"vault.db",  "state.db",   "audit.db",
                                    "audit.key", "audit.head", "daemon.key"};

std::vector<std::string> SharedForWriting(const sandbox::Spec& spec) {
  std::vector<std::string> places;
  if (spec.workspace_access == sandbox::Access::kReadWrite) places.push_back(spec.inside());
  for (const sandbox::MountRequest& mount : spec.mounts) {
    if (mount.access == sandbox::Access::kReadWrite) places.push_back(mount.target);
  }
  for (const sandbox::Volume& volume : spec.volumes) {
    if (volume.access == sandbox::Access::kReadWrite) places.push_back(volume.target);
  }
  return places;
}

// Nobody means to use the first ones, and no listener of ours may stand on the one that is chosen.
std::uint16_t ClosedPort(const std::vector<sandbox::Listener>& listeners) {
  std::uint16_t port = 9;
  while (std::ranges::find(listeners, port, &sandbox::Listener::port) != listeners.end()) ++port;
  return port;
}

}  // namespace

sandbox::Confinement ConfinementFor(const Plan& plan, const os::Paths& paths,
                                    sandbox::Commands commands) {
  const sandbox::Spec& spec = plan.spec;
  sandbox::Confinement confinement;
  confinement.nesting = spec.nesting;
  confinement.commands = commands;
  confinement.closed_port = ClosedPort(spec.listeners);
  const std::vector<std::string> shared = SharedForWriting(spec);
  // A process behind Landlock cannot mount, whatever it owns.
  if (spec.nesting == sandbox::Nesting::kRefused) {
    if (const auto version = os::LandlockVersion()) {
      confinement.landlock = static_cast<unsigned>(*version);
      confinement.writable.assign(kPrivateFolders.begin(), kPrivateFolders.end());
      // /proc/PID/mem would change what a command was started with while it is judged.
      if (commands == sandbox::Commands::kMediated) {
        std::erase(confinement.writable, std::string(kProc));
      }
      confinement.writable.push_back(plan.identity.home);
      confinement.writable.insert(confinement.writable.end(), shared.begin(), shared.end());
    }
  }
  const auto hide = [&](const std::string& path) {
    if (os::Exists(path)) confinement.hidden.push_back(path);
  };
  hide(os::ControlSocket(paths));
  for (const char* name : kStateFiles) hide(fmt::format("{}/{}", paths.state, name));
  for (const std::string_view folder : kHostFolders) {
    const bool opened = std::ranges::any_of(
        shared, [&](const std::string& place) { return IsOrBelow(folder, place); });
    const bool there = spec.of_image() ? folder == "/" : os::Exists(std::string(folder));
    if (!opened && there) confinement.read_only.emplace_back(folder);
  }
  return confinement;
}

Standing StandingWalls(const Plan& plan, const sandbox::Confinement& confinement,
                       const sandbox::ResourceLimits& limits) {
  Standing standing;
  standing.driver = plan.driver;
  standing.walls = {"namespaces", "capabilities", "seccomp", "network"};
  if (plan.identity.mapped) {
    standing.walls.emplace_back("idmap");
  } else if (plan.identity.renamed()) {
    standing.missing.emplace_back("idmap (the agent has this root's id, without its capabilities)");
  }
  if (confinement.landlock != 0) {
    standing.walls.push_back(fmt::format("landlock (ABI {})", confinement.landlock));
  } else if (confinement.nesting == sandbox::Nesting::kAllowed) {
    standing.missing.emplace_back(
        "landlock, the masks of /proc, the refusal of namespaces (by --allow-nested)");
  } else {
    const auto version = os::LandlockVersion();
    standing.missing.push_back(
        fmt::format("landlock{}", version ? "" : fmt::format(" ({})", version.error().message)));
  }
  if (confinement.commands == sandbox::Commands::kMediated) standing.walls.emplace_back("commands");
  for (const auto& limit : limits.limits()) {
    const bool held = limit.by == sandbox::ResourceLimits::Limit::By::kGroup;
    (held ? standing.walls : standing.missing).emplace_back(limit.name);
  }
  return standing;
}

std::string QuotedWalls(const Standing& standing) {
  std::string text;
  for (const std::string& wall : standing.walls) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ",", wall);
  }
  return text;
}

std::string LaunchLine(const Standing& standing) {
  std::string line = fmt::format("aileron: {} sandbox · walls: {}", standing.driver,
                                 fmt::join(standing.walls, ", "));
  if (!standing.missing.empty()) {
    line += fmt::format(" · not here: {}", fmt::join(standing.missing, ", "));
  }
  return line;
}

}  // namespace aileron::launch
