#include "os/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "os/fd.h"

namespace aileron::os {

namespace {

// From linux/landlock.h of Linux 6.12; the header of the machine that builds may be older.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
constexpr std::uint32_t kCreateRulesetVersion = 1;
constexpr int kRulePathBeneath = 1;
constexpr std::uint64_t kWriteFile = 1u << 1;
constexpr std::uint64_t kRemoveAndMake = 0x1FF0;  // bits 4 to 12: REMOVE_DIR … MAKE_SYM
constexpr std::uint64_t kRefer = 1u << 13;        // version 2: rename and link between folders
constexpr std::uint64_t kTruncate = 1u << 14;     // version 3
constexpr std::uint64_t kScopeAbstractSocketsAndSignals = 3;  // version 6

constexpr std::uint64_t WriteRights(int version) {
  return kWriteFile | kRemoveAndMake | kRefer | (version >= 3 ? kTruncate : 0);
}
constexpr std::uint64_t kRightsOfFiles = kWriteFile | kTruncate;

// `descriptor`'s file, or the folder and all below it.
Status AddRule(const Fd& ruleset, int descriptor, std::uint64_t rights, std::string_view name) {
  struct stat info;
  if (fstat(descriptor, &info) != 0) return FailErrno("cannot look at {}", name);
  const PathBeneath rule{S_ISDIR(info.st_mode) ? rights : rights & kRightsOfFiles, descriptor};
  if (syscall(SYS_landlock_add_rule, ruleset.get(), kRulePathBeneath, &rule, 0) == 0) return {};
  // Pipes and sockets have no place that a rule could name, and need none.
  if (errno == EBADFD) return {};
  return FailErrno("cannot allow writing to {}", name);
}

}  // namespace

Result<int> LandlockVersion() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, kCreateRulesetVersion);
  if (version < 0) {
    return Fail(Code::kUnsupported, "{}",
                errno == EOPNOTSUPP ? "this kernel was started without Landlock"
                                    : "this kernel was built without Landlock");
  }
  if (version < kLandlockOldest) {
    return Fail(Code::kUnsupported,
                "this kernel has version {} of Landlock, which forbids renames between folders",
                version);
  }
  return static_cast<int>(version);
}

Status AllowWritesOnlyBelow(std::span<const std::string> folders, std::span<const int> open_files) {
  AILERON_ASSIGN(const int version, LandlockVersion());
  RulesetAttributes attributes{};
  attributes.handled_access_fs = WriteRights(version);
  if (version >= 6) attributes.scoped = kScopeAbstractSocketsAndSignals;
  // A kernel refuses a structure that is longer than its own only where the rest is not zero.
  const Fd ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) return FailErrno("cannot make a Landlock rule set");
  for (const std::string& folder : folders) {
    const Fd descriptor(open(folder.c_str(), O_PATH | O_CLOEXEC));
    if (!descriptor && errno == ENOENT) continue;
    if (!descriptor) return FailErrno("cannot open {}", folder);
    AILERON_TRY(AddRule(ruleset, descriptor.get(), attributes.handled_access_fs, folder));
  }
  for (const int descriptor : open_files) {
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) continue;
    AILERON_TRY(AddRule(ruleset, descriptor, attributes.handled_access_fs,
                        fmt::format("descriptor {}", descriptor)));
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return FailErrno("cannot restrict this process by Landlock");
  }
  return {};
}

}  // namespace aileron::os
