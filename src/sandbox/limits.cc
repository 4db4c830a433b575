// Tested by tests/launch/test_limits.py.

#include "sandbox/limits.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "base/text.h"
#include "base/ulid.h"
#include "os/fd.h"
#include "os/mounts.h"

namespace aileron::sandbox {

namespace {

constexpr std::string_view kGroupPrefix = "aileron-";
constexpr int kCpuPeriod = 100'000;  // microseconds, the kernel's default

bool Lists(std::string_view list, char separator, std::string_view word) {
  return std::ranges::any_of(Split(list, separator),
                             [&](std::string_view item) { return item == word; });
}

// Where a hierarchy is mounted, from /proc/self/mounts: the v1 one that has `controller` among its
// options, or the unified one.
std::string MountOf(std::string_view mounts, std::string_view controller) {
  for (const std::string_view line : Split(mounts, '\n')) {
    const auto fields = Split(line, ' ');
    if (fields.size() < 4) continue;
    if (controller.empty()) {
      if (fields[2] == "cgroup2") return std::string(fields[1]);
    } else if (fields[2] == "cgroup" && Lists(fields[3], ',', controller)) {
      return std::string(fields[1]);
    }
  }
  return {};
}

// This process's own group in the hierarchy, from /proc/self/cgroup ("4:memory:/a/b").
std::string OwnGroup(std::string_view groups, std::string_view controller) {
  for (const std::string_view line : Split(groups, '\n')) {
    const auto fields = Split(line, ':');
    if (fields.size() < 3) continue;
    if (controller.empty() ? fields[1].empty() : Lists(fields[1], ',', controller)) {
      return std::string(line.substr(fields[0].size() + fields[1].size() + 2));
    }
  }
  return {};
}

bool Writable(const std::string& folder) { return access(folder.c_str(), W_OK) == 0; }

Status WriteKnob(const std::string& path, const std::string& value) {
  os::Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return os::FailErrno("cannot open {}", path);
  if (write(file.get(), value.data(), value.size()) < 0) {
    return os::FailErrno("cannot write \"{}\" to {}", value, path);
  }
  return {};
}

}  // namespace

Result<ControllerPlace> FindController(std::string_view controller) {
  const auto mounts = os::ReadFile("/proc/self/mounts");
  const auto groups = os::ReadFile("/proc/self/cgroup");
  if (!mounts || !groups)
    return Fail(Code::kUnsupported, "/proc does not tell about control groups");
  if (const std::string mount = MountOf(*mounts, controller); !mount.empty()) {
    std::string folder = mount + OwnGroup(*groups, controller);
    // A mount of a sub-hierarchy does not have the path that the host knows.
    if (!os::IsFolder(folder)) folder = mount;
    if (Writable(folder)) return ControllerPlace{folder, ControllerPlace::Version::kV1};
    return Fail(Code::kDenied, "{} is not writable for this user", folder);
  }
  const std::string mount = MountOf(*mounts, "");
  if (mount.empty()) return Fail(Code::kUnsupported, "no control groups are mounted");
  // In the unified hierarchy a group that has processes cannot give controllers to its children:
  // walk up to one that does and that is ours (systemd's user@.service, app.slice).
  for (std::string group = OwnGroup(*groups, "");; group.resize(group.rfind('/'))) {
    const std::string folder = mount + (group == "/" ? "" : group);
    const auto given = os::ReadFile(folder + "/cgroup.subtree_control");
    if (given && Writable(folder) && Lists(Trim(*given), ' ', controller)) {
      return ControllerPlace{folder, ControllerPlace::Version::kV2};
    }
    if (group.empty() || group == "/" || group.find('/') == std::string::npos) break;
  }
  return Fail(Code::kDenied, "no group that this user may write gives the {} controller",
              controller);
}

namespace {

Result<std::string> MakeGroup(const ControllerPlace& place, const std::string& name) {
  const std::string folder = place.folder + "/" + name;
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return os::FailErrno("cannot create the control group {}", folder);
  }
  return folder;
}

}  // namespace

Result<ResourceLimits> ResourceLimits::Prepare(const Resources& resources) {
  ResourceLimits limits(resources);
  if (!resources.any()) return limits;
  const std::string name = std::string(kGroupPrefix) + Ulid::Make(Now()).ToString();

  // Makes the group in its hierarchy and writes the knob; a refusal anywhere is a fallback.
  const auto place = [&](std::string_view controller, const std::string& v1_knob,
                         const std::string& v1, const std::string& v2_knob,
                         const std::string& v2) -> Status {
    AILERON_ASSIGN(const ControllerPlace found, FindController(controller));
    AILERON_ASSIGN(const std::string folder, MakeGroup(found, name));
    if (std::ranges::find(limits.groups_, folder) == limits.groups_.end())
      limits.groups_.push_back(folder);
    const bool v1_place = found.version == ControllerPlace::Version::kV1;
    return WriteKnob(folder + "/" + (v1_place ? v1_knob : v2_knob), v1_place ? v1 : v2);
  };
  const auto warn = [&](std::string_view what, std::string_view instead, const Error& why) {
    limits.warnings_.push_back(fmt::format("{} is held {}, since {}", what, instead, why.message));
  };
  if (resources.memory_bytes) {
    const std::string bytes = std::to_string(*resources.memory_bytes);
    auto held = place("memory", "memory.limit_in_bytes", bytes, "memory.max", bytes);
    if (!held) {
      limits.memory_by_rlimit_ = true;
      warn("--memory", "for each process alone (RLIMIT_AS)", held.error());
    }
  }
  if (resources.pids) {
    const std::string count = std::to_string(*resources.pids);
    auto held = place("pids", "pids.max", count, "pids.max", count);
    if (!held) {
      limits.pids_by_rlimit_ = true;
      warn("--pids", "by RLIMIT_NPROC", held.error());
    }
  }
  if (resources.cpus) {
    const auto quota = std::to_string(std::llround(*resources.cpus * kCpuPeriod));
    auto held =
        place("cpu", "cpu.cfs_quota_us", quota, "cpu.max", fmt::format("{} {}", quota, kCpuPeriod));
    if (!held) {
      limits.cpus_by_affinity_ = true;
      warn("--cpus", "by pinning to whole processors", held.error());
    }
  }
  return limits;
}

std::vector<ResourceLimits::Limit> ResourceLimits::limits() const {
  using enum Limit::By;
  std::vector<Limit> limits;
  if (resources_.memory_bytes)
    limits.push_back({"memory limit", memory_by_rlimit_ ? kOtherMeans : kGroup});
  if (resources_.pids) limits.push_back({"pids limit", pids_by_rlimit_ ? kOtherMeans : kGroup});
  if (resources_.cpus) limits.push_back({"cpu limit", cpus_by_affinity_ ? kOtherMeans : kGroup});
  return limits;
}

ResourceLimits::~ResourceLimits() { RemoveGroups(groups_); }

Status ResourceLimits::Apply(pid_t pid) {
  for (const std::string& group : groups_) {
    AILERON_TRY(WriteKnob(group + "/cgroup.procs", std::to_string(pid)));
  }
  const auto limit = [&](__rlimit_resource what, std::uint64_t soft, std::uint64_t hard) -> Status {
    rlimit now{};
    prlimit(pid, what, nullptr, &now);
    const rlimit wanted{std::min<rlim_t>(soft, now.rlim_max), std::min<rlim_t>(hard, now.rlim_max)};
    if (prlimit(pid, what, &wanted, nullptr) != 0)
      return os::FailErrno("cannot set a resource limit");
    return {};
  };
  for (const Ulimit& one : resources_.ulimits) {
    AILERON_TRY(limit(static_cast<__rlimit_resource>(one.resource), one.soft, one.hard));
  }
  if (memory_by_rlimit_)
    AILERON_TRY(limit(RLIMIT_AS, *resources_.memory_bytes, *resources_.memory_bytes));
  if (pids_by_rlimit_) AILERON_TRY(limit(RLIMIT_NPROC, *resources_.pids, *resources_.pids));
  if (cpus_by_affinity_) {
    cpu_set_t all, some;
    CPU_ZERO(&all);
    CPU_ZERO(&some);
    if (sched_getaffinity(pid, sizeof all, &all) != 0)
      return os::FailErrno("cannot read the affinity");
    auto left = std::max(1L, std::lround(std::ceil(*resources_.cpus)));
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE && left > 0; ++cpu) {
      if (!CPU_ISSET(cpu, &all)) continue;
      CPU_SET(cpu, &some);
      --left;
    }
    if (sched_setaffinity(pid, sizeof some, &some) != 0)
      return os::FailErrno("cannot set the affinity");
  }
  return {};
}

void RemoveGroups(const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    if (group.find(fmt::format("/{}", kGroupPrefix)) == std::string::npos) continue;
    // The kernel empties a group a little after its last process has been reaped.
    for (int tries = 0; rmdir(group.c_str()) != 0 && errno == EBUSY && tries < 200; ++tries)
      usleep(1000);
  }
}

}  // namespace aileron::sandbox
