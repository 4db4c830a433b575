// Tested by tests/launch/test_filesystem.py.

#include "sandbox/native.h"

#include <signal.h>
#include <sys/socket.h>

#include "os/namespaces.h"
#include "os/socket.h"
#include "sandbox/channel.h"
#include "sandbox/first_process.h"
#include "sandbox/fix.h"
#include "sandbox/root_fs.h"

namespace aileron::sandbox {

Result<Sandbox> StartNative(const Spec& spec, const Identity& identity) {
  AILERON_ASSIGN(HostTrees trees, OpenHostTrees(spec, identity));
  AILERON_ASSIGN(auto ends, os::SocketPair(SOCK_SEQPACKET));
  AILERON_ASSIGN(ResourceLimits limits, ResourceLimits::Prepare(spec.resources));

  auto cloned = os::CloneInto(kNamespaces);
  if (!cloned) return std::unexpected(WithFix(cloned.error()));
  if (cloned->pid == 0) {
    ends.first.Reset();
    RunFirstProcess(spec, identity, std::move(trees), ends.second);
  }
  Sandbox sandbox{std::move(*cloned), std::move(ends.first), CoverWatch(), std::move(limits)};
  ends.second.Reset();
  auto ready = os::MapIds(sandbox.init.pid, identity.uids, identity.gids);
  if (ready) ready = sandbox.limits.Apply(sandbox.init.pid);
  if (ready) ready = Send(sandbox.channel.get(), Go{});
  if (!ready) {
    (void)os::SignalChild(sandbox.init, SIGKILL);
    (void)os::WaitFor(sandbox.init);
    return std::unexpected(WithFix(ready.error()));
  }
  return sandbox;
}

}  // namespace aileron::sandbox
