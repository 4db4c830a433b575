// ResourceLimits: memory, processes and CPU time of one sandbox.
//
// Control groups where this user may make them, looked up controller by controller, since a host
// can have one in a v1 hierarchy and another in the unified one (cgroups(7)); per-process rlimits
// and CPU affinity where not, and then warnings() says so.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

class ResourceLimits {
 public:
  // Makes the groups. With no limit asked for it does nothing.
  static Result<ResourceLimits> Prepare(const Resources& resources);

  // Those that an engine holds for a container.
  static ResourceLimits ByEngine(const Resources& resources) { return ResourceLimits(resources); }

  ResourceLimits(ResourceLimits&&) = default;
  ResourceLimits& operator=(ResourceLimits&&) = delete;
  // Removes the groups; their processes have ended by then.
  ~ResourceLimits();

  // Puts `pid` under the limits.
  Status Apply(pid_t pid);

  // The folders it has made, for whoever cleans up after a crash.
  const std::vector<std::string>& groups() const { return groups_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // What was asked for, and whether a control group holds it for the sandbox as a whole.
  struct Limit {
    std::string_view name;  // "memory limit"
    enum class By { kGroup, kOtherMeans } by;
  };
  std::vector<Limit> limits() const;

 private:
  explicit ResourceLimits(const Resources& resources) : resources_(resources) {}

  Resources resources_;
  std::vector<std::string> groups_;
  std::vector<std::string> warnings_;
  // What no group holds, and Apply does by other means.
  bool memory_by_rlimit_ = false;
  bool pids_by_rlimit_ = false;
  bool cpus_by_affinity_ = false;
};

// Removes control groups left by a launcher that was killed. Only folders that ResourceLimits names
// are touched; their processes have ended.
void RemoveGroups(const std::vector<std::string>& groups);

// The control-group folder under which a new group can have this controller's limit, or why none.
struct ControllerPlace {
  std::string folder;
  enum class Version { kV1, kV2 } version;
};
Result<ControllerPlace> FindController(std::string_view controller);

}  // namespace aileron::sandbox
