#include "sandbox/walls.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::sandbox {

namespace {

using Prober = Capability (*const)();

constexpr Prober kNamespaces[] = {ProbeUserNamespaces, ProbeMountNamespaces, ProbeOwnProc};
constexpr Prober kCapabilities[] = {ProbeCapabilities};
constexpr Prober kSeccomp[] = {ProbeSeccomp};
constexpr Prober kLandlock[] = {ProbeLandlock};
constexpr Prober kNetwork[] = {ProbeNetwork};
constexpr Prober kIdmap[] = {ProbeIdmap};
constexpr Prober kCgroup[] = {ProbeMemoryLimit, ProbePidsLimit, ProbeCpuLimit};

constexpr Wall kWalls[] = {
    {"namespaces", "files, processes, host name and IPC of its own", kNamespaces},
    {"capabilities", "no capability, and none to be gained", kCapabilities},
    {"seccomp", "a filter of system calls", kSeccomp},
    {"landlock", "a second wall against writing outside", kLandlock},
    {"network", "every connection ends in the data plane", kNetwork},
    {"idmap", "an agent started by root is not root", kIdmap},
    {"cgroup", "limits of memory, processes and processors for the whole sandbox", kCgroup},
    {"memory", "the first of these alone", std::span(kCgroup).subspan(0, 1)},
    {"pids", "the second", std::span(kCgroup).subspan(1, 1)},
    {"cpu", "the third", std::span(kCgroup).subspan(2, 1)},
};

const Wall* Find(std::string_view name) {
  const auto found = std::ranges::find(kWalls, name, &Wall::name);
  return found == std::end(kWalls) ? nullptr : found;
}

}  // namespace

std::span<const Wall> Walls() { return kWalls; }

Result<std::vector<std::string>> ParseWalls(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view name : Split(text, ',')) {
    if (Find(name) == nullptr) {
      std::string known;
      for (const Wall& wall : kWalls) {
        known += known.empty() ? "" : ", ";
        known += wall.name;
      }
      return Fail(Code::kInvalid, "\"{}\" is not a wall; there are {}", Printable(name), known);
    }
    names.emplace_back(name);
  }
  return names;
}

Status RequireWalls(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const Wall* const wall = Find(name);
    AILERON_CHECK(wall != nullptr);
    for (const Prober probe : wall->probes) {
      const Capability found = probe();
      if (found.state == State::kOk) continue;
      return Fail(Code::kUnsupported,
                  "the wall \"{}\" is required, and this machine cannot give it: {}. {}", name,
                  found.detail,
                  found.fix.empty() ? "Launch on another machine, or without requiring it"
                                    : fmt::format("To mend it: {}", found.fix));
    }
  }
  return {};
}

std::vector<Capability> Probe() {
  std::vector<Capability> found = {ProbeKernel()};
  std::vector<Capability (*)()> done;
  for (const Wall& wall : kWalls) {
    for (const Prober probe : wall.probes) {
      if (std::ranges::find(done, probe) != done.end()) continue;
      done.push_back(probe);
      found.push_back(probe());
    }
  }
  found.push_back(ProbeTerminals());
  return found;
}

}  // namespace aileron::sandbox
