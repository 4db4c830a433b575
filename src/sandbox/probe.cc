// Tested by tests/launch/test_cli.py.

#include "sandbox/probe.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/mount.h>
#include <cerrno>

#include "base/text.h"
#include "os/capture.h"
#include "os/landlock.h"
#include "os/mounts.h"
#include "os/namespaces.h"
#include "os/process.h"
#include "os/pty.h"
#include "sandbox/filter.h"
#include "sandbox/fix.h"
#include "sandbox/identity.h"
#include "sandbox/limits.h"

namespace aileron::sandbox {

namespace {

// Runs `attempt` in a child in these namespaces, mapped as an agent's would be. Its message comes
// back through a pipe.
Status InChild(std::uint64_t namespaces, Status (*attempt)()) {
  AILERON_ASSIGN(const Identity identity, IdentityOfCaller("/"));
  int ends[2], start[2];
  if (pipe(ends) != 0 || pipe(start) != 0) return os::FailErrno("cannot make a pipe");
  os::Fd reader(ends[0]), writer(ends[1]), wait_end(start[0]), go_end(start[1]);
  AILERON_ASSIGN(os::Child child, os::CloneInto(namespaces));
  if (child.pid == 0) {
    go_end.Reset();
    char byte;
    (void)!read(wait_end.get(), &byte, 1);
    const auto tried = attempt();
    if (!tried) (void)os::WriteAll(writer.get(), tried.error().message);
    _exit(tried ? 0 : 1);
  }
  writer.Reset();
  auto mapped = (namespaces & CLONE_NEWUSER) != 0
                    ? os::MapIds(child.pid, identity.uids, identity.gids)
                    : Status();
  go_end.Reset();
  char text[1024];
  const ssize_t size = read(reader.get(), text, sizeof text);
  AILERON_ASSIGN(const int status, os::WaitFor(child));
  if (!mapped) return mapped;
  if (status == 0) return {};
  return Fail(Code::kDenied, "{}",
              size > 0 ? std::string_view(text, static_cast<std::size_t>(size))
                       : std::string_view("the attempt crashed"));
}

Capability From(std::string name, const Status& tried, std::string detail, std::string fix) {
  if (tried) return {std::move(name), State::kOk, std::move(detail), ""};
  return {std::move(name), State::kMissing, tried.error().message, std::move(fix)};
}

Capability ProbeController(std::string_view controller, std::string_view flag,
                           std::string_view instead) {
  const auto place = FindController(controller);
  std::string name = fmt::format("{} limit (cgroup)", controller);
  if (place) {
    const bool v1 = place->version == ControllerPlace::Version::kV1;
    return {std::move(name), State::kOk, fmt::format("{} at {}", v1 ? "v1" : "v2", place->folder),
            ""};
  }
  return {std::move(name), State::kLimited,
          fmt::format("{} works {}: {}", flag, instead, place.error().message), ""};
}

}  // namespace

Capability ProbeUserNamespaces() {
  return From("user namespaces", InChild(CLONE_NEWUSER, [] { return Status(); }),
              "an unprivileged process may make one", FixOrOuter());
}

Capability ProbeMountNamespaces() {
  return From(
      "mount namespaces",
      InChild(CLONE_NEWUSER | CLONE_NEWNS, [] { return os::SealNamespace(MOUNT_ATTR_RDONLY); }),
      "the host's root can be made read-only", FixOrOuter());
}

Capability ProbeOwnProc() {
  return From("own /proc",
              InChild(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
                      [] { return os::Mount("proc", "/proc", "proc", 0, ""); }),
              "a fresh one can be mounted", FixOrOuter());
}

Capability ProbeCapabilities() {
  return From(
      "capabilities",
      InChild(CLONE_NEWUSER,
              [] { return os::BecomeUnprivileged(geteuid(), getegid(), os::Groups::kKeep); }),
      "all can be given up, for good", UserNamespaceFix());
}

Capability ProbeSeccomp() {
  return From("system call filter",
              InChild(0,
                      []() -> Status {
                        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                        return InstallAgentFilter(Nesting::kRefused);
                      }),
              "seccomp with a filter program", "");
}

Capability ProbeLandlock() {
  const auto version = os::LandlockVersion();
  if (version) {
    return {"Landlock", State::kOk,
            fmt::format("ABI {}: a second wall against writing outside", *version), ""};
  }
  return {"Landlock", State::kLimited,
          version.error().message + "; the mounts alone keep the agent from writing outside",
          "use Linux 5.19 or newer, with landlock in the kernel's lsm= parameter"};
}

Capability ProbeNetwork() {
  return From("network capture",
              InChild(CLONE_NEWUSER | CLONE_NEWNET,
                      []() -> Status {
                        AILERON_TRY(os::CaptureAllAddresses());
                        auto listener = os::ListenTcpEverywhere(443);
                        if (!listener) return std::unexpected(listener.error());
                        return {};
                      }),
              "every address of a network namespace can be answered (AnyIP)", UserNamespaceFix());
}

Capability ProbeIdmap() {
  const std::string name = "idmapped mounts";
  if (geteuid() != 0) return {name, State::kOk, "not needed: the agent has your own id", ""};
  if (!RulesTheMachine()) {
    return {name, State::kLimited,
            "this root has not every privilege of the machine: the agent has its id, and may read "
            "what that id may",
            "run aileron as an ordinary user"};
  }
  char folder[4096];
  if (getcwd(folder, sizeof folder) == nullptr)
    return {name, State::kMissing, "no current folder", ""};
  auto identity = IdentityOfCaller("/root");
  auto tree = os::CloneTree(std::string(folder));
  Status mapped = tree ? MapOwner(*tree, *identity) : Status(std::unexpected(tree.error()));
  if (mapped) return {name, State::kOk, "an agent started by root is not root on this host", ""};
  return {name, State::kMissing, mapped.error().message, "run aileron as an ordinary user"};
}

Capability ProbeMemoryLimit() {
  return ProbeController("memory", "--memory", "for each process alone");
}
Capability ProbePidsLimit() { return ProbeController("pids", "--pids", "by RLIMIT_NPROC"); }
Capability ProbeCpuLimit() { return ProbeController("cpu", "--cpus", "in whole processors"); }

Capability ProbeTerminals() {
  auto pty = os::OpenPty();
  return From("terminals", pty ? Status() : Status(std::unexpected(pty.error())), "/dev/ptmx opens",
              "");
}

Capability ProbeKernel() {
  utsname kernel;
  uname(&kernel);
  return {"kernel", State::kOk, fmt::format("{} {}", kernel.sysname, kernel.release), ""};
}

}  // namespace aileron::sandbox
