// Proof: init tries what the walls must refuse, before it starts the agent.
//
// A wall that was asked for is not yet one that stands: a kernel, a container around this one or a
// mistake of ours can leave a hole. A handful of quick attempts must fail: those that a later wall
// would hide are made when the Proof is, the others by Missing(). It costs some 0.2 ms.
#pragma once

#include <string>
#include <vector>

#include "os/fd.h"
#include "sandbox/confinement.h"

namespace aileron::shim {

class Proof {
 public:
  // Before Landlock and the system call filter: what capabilities would allow is tried.
  explicit Proof(const sandbox::Confinement& confinement);

  // Behind them. What succeeded and must not, each as "WALL: what could be done"; empty when every
  // wall holds. An attempt that succeeds may leave this process changed: it must not go on.
  std::vector<std::string> Missing();

 private:
  void TryCapabilities();
  void TryFilter();
  void TryLandlock();
  void TryNetwork();
  void TryFiles();
  // Notes the hole when `succeeded`.
  void Refused(bool succeeded, std::string hole);

  const sandbox::Confinement& confinement_;
  os::Fd witness_;  // an abstract socket from before the Landlock domain, which must not reach it
  std::vector<std::string> missing_;
};

}  // namespace aileron::shim
