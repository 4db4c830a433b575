// Tested by tests/launch/test_identity.py.

#include "os/namespaces.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace aileron::os {

Result<Child> CloneInto(std::uint64_t flags) {
  int pidfd = -1;
  clone_args args{};
  args.flags = flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) return FailErrno("cannot start a process in new namespaces");
  if (pid == 0) return Child{0, Fd()};
  return Child{pid, Fd(pidfd)};
}

namespace {

Status WriteProc(pid_t pid, const char* name, const std::string& text) {
  const std::string path = fmt::format("/proc/{}/{}", pid, name);
  Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return FailErrno("cannot open {}", path);
  // One write: the kernel takes the whole map at once or not at all.
  if (write(file.get(), text.data(), text.size()) < 0) return FailErrno("cannot write {}", path);
  return {};
}

std::string MapText(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges) {
    text += fmt::format("{} {} {}\n", range.inside, range.outside, range.count);
  }
  return text;
}

}  // namespace

Status MapIds(pid_t pid, const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  // An unprivileged gid map needs setgroups denied first, or a group could be dropped to gain the
  // access that its absence gives (CVE-2014-8989). A map of more than the caller's own id is a
  // privileged one: there it stays, to clear root's groups.
  if (gids.size() == 1) AILERON_TRY(WriteProc(pid, "setgroups", "deny"));
  AILERON_TRY(WriteProc(pid, "uid_map", MapText(uids)));
  return WriteProc(pid, "gid_map", MapText(gids));
}

Result<Fd> UserNamespaceWith(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  AILERON_ASSIGN(Child holder, CloneInto(CLONE_NEWUSER));
  if (holder.pid == 0) {
    while (true) pause();
  }
  Result<Fd> result = Fail(Code::kInternal, "unreachable");
  if (auto mapped = MapIds(holder.pid, uids, gids); !mapped) {
    result = std::unexpected(std::move(mapped).error());
  } else {
    Fd ns(open(fmt::format("/proc/{}/ns/user", holder.pid).c_str(), O_RDONLY | O_CLOEXEC));
    if (ns) {
      result = std::move(ns);
    } else {
      result = FailErrno("cannot open a user namespace");
    }
  }
  (void)SignalChild(holder, SIGKILL);
  (void)WaitFor(holder);
  return result;
}

Status DropCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  if (syscall(SYS_capset, &header, none) != 0) return FailErrno("cannot drop capabilities");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return FailErrno("cannot drop ambient capabilities");
  }
  return {};
}

Status DropBoundingSet() {
  for (int capability = 0; capability <= 63; ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability) != 0) {
      if (errno == EINVAL) break;  // past the last one that this kernel knows
      return FailErrno("cannot drop capability {}", capability);
    }
  }
  return {};
}

Status BecomeUnprivileged(uid_t uid, gid_t gid, Groups groups) {
  AILERON_TRY(DropBoundingSet());
  if (groups == Groups::kClear && setgroups(0, nullptr) != 0) {
    return FailErrno("cannot leave the caller's groups");
  }
  if (syscall(SYS_setresgid, gid, gid, gid) != 0) return FailErrno("cannot become group {}", gid);
  if (syscall(SYS_setresuid, uid, uid, uid) != 0) return FailErrno("cannot become user {}", uid);
  AILERON_TRY(DropCapabilities());
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return FailErrno("cannot forbid new privileges");
  }
  return {};
}

}  // namespace aileron::os
