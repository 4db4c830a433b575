// Tested by tests/launch/test_filesystem.py.

#include "sandbox/first_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "os/capture.h"
#include "os/namespaces.h"
#include "os/socket.h"
#include "sandbox/agent_files.h"
#include "sandbox/channel.h"
#include "sandbox/cover.h"
#include "sandbox/fix.h"
#include "sandbox/network.h"
#include "sandbox/runtime_folder.h"
#include "service/ports.h"

namespace aileron::sandbox {

namespace {

constexpr int kHighDescriptor = 64;

template <typename Expected>
Result<Received> Expect(int channel) {
  AILERON_ASSIGN(Received received, Receive(channel));
  if (!std::holds_alternative<Expected>(received.message))
    return Fail(Code::kInternal, "the launcher spoke out of turn");
  return received;
}

Status SendListeners(int channel, std::span<const Listener> listeners) {
  AILERON_ASSIGN(const std::vector<os::Fd> sockets, OpenListeners(listeners));
  std::vector<int> numbers;
  for (const os::Fd& socket : sockets) numbers.push_back(socket.get());
  return Send(channel, Listeners{}, numbers);
}

// When nothing more is mounted, so that the launcher hears of what others do alone.
Status SendCovered(int channel) {
  AILERON_ASSIGN(const CoverWatch watch, CoverWatch::OfThisNamespace());
  const auto descriptors = watch.descriptors();
  return Send(channel, Covered{}, descriptors);
}

// Before the agent, whose programs cannot have such a port. Far above the numbers that init finds
// its descriptors on.
Result<os::Fd> ListenForServices() {
  AILERON_ASSIGN(const os::Fd listener, os::ListenTcpLoopback(service::kControlPort));
  os::Fd high(fcntl(listener.get(), F_DUPFD_CLOEXEC, kHighDescriptor));
  if (!high) return os::FailErrno("cannot place the socket for services");
  return high;
}

// The life of the first process, up to the exec of init. Returns only what went wrong.
Status BuildWalls(const Spec& spec, const Identity& identity, HostTrees trees, int channel) {
  setsid();
  umask(022);
  AILERON_TRY(Expect<Go>(channel));
  // Only now is this process in its own control group, which becomes the root of what it sees.
  if (unshare(CLONE_NEWCGROUP) != 0) {
    return WithFix(Status(os::FailErrno("cannot make a cgroup namespace")));
  }
  if (sethostname(spec.hostname.data(), spec.hostname.size()) != 0) {
    return WithFix(Status(os::FailErrno("cannot set the host name")));
  }
  AILERON_TRY(WithFix(os::CaptureAllAddresses()));
  AILERON_TRY(SendListeners(channel, spec.listeners));
  AILERON_ASSIGN(const os::Fd control, ListenForServices());
  AILERON_TRY(BuildRootFs(spec, identity, std::move(trees)));
  AILERON_ASSIGN(const Received guarded, Expect<Covers>(channel));
  AILERON_ASSIGN(const std::vector<Cover> covers, ReadCovers(guarded));
  AILERON_TRY(PutCovers(covers, identity));
  AILERON_ASSIGN(const Received last, Expect<Files>(channel));
  const Files& files = std::get<Files>(last.message);
  if (!files.listeners.empty()) AILERON_TRY(SendListeners(channel, files.listeners));
  AILERON_ASSIGN(os::Fd runtime, WriteRuntimeFolder(files.files, files.tools, files.java_home));
  const int writable = runtime.get();
  AILERON_TRY(Send(channel, Runtime{}, {&writable, 1}));
  runtime.Reset();
  if (!covers.empty()) AILERON_TRY(SendCovered(channel));
  if (chdir("/") != 0) return os::FailErrno("cannot enter the root folder");

  AILERON_TRY(os::BecomeUnprivileged(identity.uid, identity.gid,
                                     identity.mapped ? os::Groups::kClear : os::Groups::kKeep));
  AILERON_TRY(WriteAgentFiles(files.agent_files, spec.volumes));
  // After the change of user, which clears it. A launcher that has died by now closed the channel,
  // and init looks at that first.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (dup2(channel, kChannelDescriptor) < 0) return os::FailErrno("cannot place the channel");
  if (dup2(control.get(), kControlDescriptor) < 0)
    return os::FailErrno("cannot place the socket for services");
  syscall(SYS_close_range, static_cast<unsigned>(kControlDescriptor + 1), UINT_MAX, 0);
  const std::string path = std::string(kRuntimeFolder) + "/bin/aileron";
  char* const argv[] = {const_cast<char*>("aileron"), const_cast<char*>("init"), nullptr};
  char* const environment[] = {nullptr};
  execve(path.c_str(), argv, environment);
  return os::FailErrno("cannot start {}", path);
}

}  // namespace

void RunFirstProcess(const Spec& spec, const Identity& identity, HostTrees trees,
                     const os::Fd& channel) {
  os::ResetSignals();
  // fd 3 may be one that is still needed: work with a copy far above.
  const int high = fcntl(channel.get(), F_DUPFD_CLOEXEC, kHighDescriptor);
  auto built = BuildWalls(spec, identity, std::move(trees), high);
  if (!built) {
    const bool closed = fcntl(high, F_GETFD) < 0;
    (void)Send(closed ? kChannelDescriptor : high, Failed{125, built.error()});
  }
  _exit(125);
}

}  // namespace aileron::sandbox
