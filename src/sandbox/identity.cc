// Tested by tests/launch/test_identity.py.

#include "sandbox/identity.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "os/mounts.h"
#include "sandbox/fix.h"

namespace aileron::sandbox {

namespace {

constexpr std::uint32_t kAgentId = 1000;
// Beyond the ranges that login.defs and systemd hand out (up to 0x6FFFFFFF), so that no file on the
// host belongs to it.
constexpr std::uint32_t kAgentHostId = 0x70A11E00;

std::string NameInPasswd(uid_t uid) {
  const auto passwd = os::ReadFile("/etc/passwd");
  if (!passwd) return {};
  const std::string wanted = std::to_string(uid);
  for (const std::string_view line : Split(*passwd, '\n')) {
    const auto fields = Split(line, ':');
    if (fields.size() >= 3 && fields[2] == wanted) return std::string(fields[0]);
  }
  return {};
}

// Accounts of services have homes like "/", "/bin" or one that does not exist.
bool UsableHome(const std::string& home) {
  return std::ranges::count(home, '/') > 1 && os::IsFolder(home);
}

// The inode number of the first user namespace: PROC_USER_INIT_INO in the kernel's
// include/linux/proc_ns.h, part of what it promises to programs.
constexpr ino_t kFirstUserNamespace = 0xEFFFFFFD;
constexpr std::uint32_t kRulersCapabilities =
    1u << CAP_SYS_ADMIN | 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_CHOWN;

}  // namespace

bool RulesTheMachine() {
  if (geteuid() != 0) return false;
  struct stat space;
  if (stat("/proc/self/ns/user", &space) != 0 || space.st_ino != kFirstUserNamespace) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2]{};
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  return (sets[0].effective & kRulersCapabilities) == kRulersCapabilities;
}

Result<Identity> IdentityOfCaller(const std::string& home) {
  Identity identity;
  if (geteuid() == 0) {
    identity.uid = kAgentId;
    identity.gid = kAgentId;
    identity.name = NameInPasswd(kAgentId);
    if (identity.name.empty()) identity.name = "agent";
    identity.home = "/home/" + identity.name;
    if (!RulesTheMachine()) {
      identity.uids = {{kAgentId, 0}};
      identity.gids = {{kAgentId, getegid()}};
      return identity;
    }
    // Root is in the map so that the builder of the walls can own them, and so that the host's
    // files show their owner. The agent has no capability that could use it.
    identity.uids = {{0, 0}, {kAgentId, kAgentHostId}};
    identity.gids = identity.uids;
    identity.mapped = true;
    return identity;
  }
  identity.uid = geteuid();
  identity.gid = getegid();
  identity.name = NameInPasswd(identity.uid);
  if (identity.name.empty()) identity.name = "agent";
  identity.home = UsableHome(home) ? home : "/home/" + identity.name;
  identity.uids = {{identity.uid, identity.uid}};
  identity.gids = {{identity.gid, identity.gid}};
  return identity;
}

Status MapOwner(const os::Fd& tree, const Identity& identity) {
  if (!identity.mapped) return {};
  struct stat info;
  if (fstat(tree.get(), &info) != 0) return os::FailErrno("cannot look at a mount");
  const auto owners =
      os::UserNamespaceWith({{info.st_uid, kAgentHostId}}, {{info.st_gid, kAgentHostId}});
  if (!owners) return std::unexpected(WithFix(owners.error()));
  return os::MapTreeIds(tree, *owners);
}

}  // namespace aileron::sandbox
