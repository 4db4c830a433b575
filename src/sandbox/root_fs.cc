// Tested by tests/launch/test_filesystem.py.

#include "sandbox/root_fs.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "os/beneath.h"
#include "os/mounts.h"
#include "sandbox/fix.h"
#include "sandbox/image_root.h"
#include "sandbox/masks.h"

namespace aileron::sandbox {

using os::FileKind;

namespace {

constexpr std::uint64_t kNoSuidDevExec = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// Of every sandbox's own.
constexpr std::pair<const char*, const char*> kPrivateFolders[] = {
    {"/tmp", "mode=1777"}, {"/var/tmp", "mode=1777"}, {"/run", "mode=755"}};
constexpr std::size_t kProgramMax = 256u << 20;
constexpr std::array kDevices = {"null", "zero", "full", "random", "urandom", "tty"};

struct DeviceTrees {
  std::vector<std::pair<std::string, os::Fd>> nodes;
};

Result<DeviceTrees> TakeDevices() {
  DeviceTrees devices;
  for (const char* name : kDevices) {
    AILERON_ASSIGN(os::Fd tree, os::CloneTree(std::string("/dev/") + name));
    devices.nodes.emplace_back(name, std::move(tree));
  }
  return devices;
}

// Options of a tmpfs: its mode and, if it is not 0, its size.
std::string MemoryOptions(std::string_view mode, std::uint64_t bytes) {
  return bytes == 0 ? fmt::format("mode={}", mode) : fmt::format("mode={},size={}", mode, bytes);
}

Status BuildDev(const DeviceTrees& devices, std::uint64_t shm_bytes) {
  AILERON_TRY(os::Mount("tmpfs", "/dev", "tmpfs", 2, "mode=755,size=64k"));
  for (const auto& [name, tree] : devices.nodes) {
    AILERON_TRY(os::MakeMountPoint("/dev/" + name, FileKind::kFile));
    AILERON_TRY(os::AttachTree(tree, "/dev/" + name));
  }
  AILERON_TRY(os::MakeFolders("/dev/pts", 0755));
  AILERON_TRY(
      os::Mount("devpts", "/dev/pts", "devpts", 2 | 8, "newinstance,ptmxmode=0666,mode=620"));
  AILERON_TRY(os::MakeFolders("/dev/shm", 0755));
  AILERON_TRY(os::MountTmpfs("/dev/shm", MemoryOptions("1777", shm_bytes)));
  constexpr std::array<std::pair<const char*, const char*>, 5> kLinks = {{
      {"pts/ptmx", "/dev/ptmx"},
      {"/proc/self/fd", "/dev/fd"},
      {"/proc/self/fd/0", "/dev/stdin"},
      {"/proc/self/fd/1", "/dev/stdout"},
      {"/proc/self/fd/2", "/dev/stderr"},
  }};
  for (const auto& [target, name] : kLinks) {
    if (symlink(target, name) != 0) return os::FailErrno("cannot create {}", name);
  }
  return {};
}

// Made while the host's are to be seen, without which the kernel makes none.
struct KernelTrees {
  os::Fd proc;
  os::Fd sys;  // empty where there is none
};

Result<KernelTrees> MakeKernelTrees() {
  KernelTrees trees;
  AILERON_ASSIGN(trees.proc, os::MakeFileSystem("proc", kNoSuidDevExec));
  // A kernel that hides parts of its /sys (an outer container) refuses a fresh one.
  if (auto sys = os::MakeFileSystem("sysfs", MOUNT_ATTR_RDONLY | kNoSuidDevExec)) {
    trees.sys = std::move(*sys);
  }
  return trees;
}

Status BuildProc(const os::Fd& tree, Nesting nesting) {
  AILERON_TRY(os::AttachTree(tree, "/proc"));
  // The kernel lets a nested sandbox mount its own only where nothing of this one is covered. What
  // the masks hide belongs to the host's root, whom the agent cannot become.
  if (nesting == Nesting::kAllowed) return {};
  AILERON_ASSIGN(const os::Fd null_device, os::OpenPath("/dev/null"));
  return MaskProc("", null_device);
}

Status BuildSys(const os::Fd& tree) {
  if (!os::Exists("/sys")) return {};
  if (!tree) {
    constexpr unsigned long read_only = 1;  // MS_RDONLY
    constexpr unsigned long no_suid_dev_exec = 2 | 4 | 8;
    return os::Mount("tmpfs", "/sys", "tmpfs", read_only | no_suid_dev_exec, "mode=755,size=0");
  }
  AILERON_TRY(os::AttachTree(tree, "/sys"));
  AILERON_ASSIGN(const os::Fd null_device, os::OpenPath("/dev/null"));
  return MaskSys("", null_device);
}

Status Empty(const std::string& path, const std::string& options) {
  if (!os::IsFolder(path)) return {};
  return os::MountTmpfs(path, options);
}

// A folder of the agent's own, with the folders above it.
Status MakeOwned(const std::string& path, const Identity& identity) {
  if (auto made = os::MakeFolders(path, 0755); !made) {
    return Wrap(made.error(), "the agent's home {} has no place in the sandbox", path);
  }
  if (chown(path.c_str(), identity.uid, identity.gid) != 0) {
    return os::FailErrno("cannot give {} to the agent", path);
  }
  return {};
}

// Of an image only what programs write to.
Status EmptyImageFolders(const Identity& identity) {
  for (const auto& [folder, options] : kPrivateFolders) {
    AILERON_TRY(os::MakeFolders(folder, 0755));
    AILERON_TRY(os::MountTmpfs(folder, options));
  }
  AILERON_TRY(os::MakeFolders(identity.home, 0755));
  return os::MountTmpfs(identity.home,
                        fmt::format("mode=755,uid={},gid={}", identity.uid, identity.gid));
}

Status EmptyFolders(const Spec& spec, const Identity& identity) {
  if (spec.of_image()) return EmptyImageFolders(identity);
  for (const auto& [folder, options] : kPrivateFolders) AILERON_TRY(Empty(folder, options));
  AILERON_TRY(Empty("/home", "mode=755"));
  AILERON_TRY(Empty("/root", "mode=755"));
  for (const std::string& folder : spec.hidden) {
    // Under a folder that is empty by now it does not exist any more.
    AILERON_TRY(Empty(folder, "mode=755"));
  }
  return MakeOwned(identity.home, identity);
}

// Where a stranger wants something mounted: nothing of the root, the workspace or a volume leads it
// to another place.
Result<os::Fd> OpenWithoutLinks(const std::string& target) {
  AILERON_ASSIGN(const os::Fd root, os::OpenPath("/"));
  auto opened = os::OpenBeneath(root, target.substr(1), O_PATH | O_NOFOLLOW);
  if (!opened && opened.error().code == Code::kNotFound) return opened;
  struct stat info;
  if (!opened || fstat(opened->get(), &info) != 0 || S_ISLNK(info.st_mode)) {
    return Fail(Code::kInvalid,
                "cannot mount on {}: there is a link on the way. Choose another place", target);
  }
  return opened;
}

Status AttachHostTree(const HostTrees::Tree& tree, const os::Fd& detached) {
  const FileKind kind = tree.folder ? FileKind::kFolder : FileKind::kFile;
  if (tree.links == Links::kRefused) {
    const auto there = OpenWithoutLinks(tree.target);
    if (!there && there.error().code != Code::kNotFound) return std::unexpected(there.error());
  }
  if (auto made = os::MakeMountPoint(tree.target, kind); !made) {
    return Wrap(made.error(),
                "cannot mount on {}, which the host does not have; choose a target "
                "under /tmp, /run or /home",
                tree.target);
  }
  if (tree.links == Links::kFollowed) return os::AttachTree(detached, tree.target);
  AILERON_ASSIGN(const os::Fd place, OpenWithoutLinks(tree.target));
  return os::AttachTree(detached, place);
}

Status BindText(const std::string& path, const std::string& text) {
  if (!os::Exists(path)) {
    // A symlink into a folder that is empty now, as systemd-resolved has it: make its target.
    char target[4096];
    const ssize_t size = readlink(path.c_str(), target, sizeof target);
    if (size <= 0) return {};
    std::string real(target, static_cast<std::size_t>(size));
    if (real[0] != '/') real = path.substr(0, path.rfind('/') + 1) + real;
    AILERON_TRY(os::MakeMountPoint(real, FileKind::kFile));
  }
  const std::string source = "/run/.aileron-etc" + std::string(path.substr(path.rfind('/')));
  AILERON_TRY(os::MakeFolders("/run/.aileron-etc", 0755));
  os::Fd file(open(source.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return os::FailErrno("cannot create {}", source);
  AILERON_TRY(os::WriteAll(file.get(), text));
  AILERON_ASSIGN(const os::Fd tree, os::CloneTree(source));
  AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
  AILERON_TRY(os::AttachTree(tree, path));
  unlink(source.c_str());
  rmdir("/run/.aileron-etc");
  return {};
}

Status MakeMissing(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) == 0) return {};
  const Status made = os::MakeMountPoint(path, FileKind::kFile);
  // A container's root is read-only by now. It goes without the name, as it does elsewhere.
  return errno == EROFS ? Status() : made;
}

// What an image has there, which may be anything.
std::string TextIn(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return os::ReadFile(path).value_or("");
}

// Before others of the image's that may have the same number: the first one is found by it.
Status NameAgent(const Identity& identity) {
  const std::string passwd = TextIn("/etc/passwd");
  const std::string group = TextIn("/etc/group");
  AILERON_TRY(
      BindText("/etc/passwd", fmt::format("{}:x:{}:{}:agent:{}:/bin/sh\n{}", identity.name,
                                          identity.uid, identity.gid, identity.home, passwd)));
  return BindText("/etc/group", fmt::format("{}:x:{}:\n{}", identity.name, identity.gid, group));
}

// The few files of /etc that must tell the truth about this place.
Status BuildEtc(const Spec& spec, const Identity& identity) {
  if (spec.of_image()) {
    for (const char* path : {"/etc/resolv.conf", "/etc/hosts", "/etc/passwd", "/etc/group"}) {
      AILERON_TRY(MakeMissing(path));
    }
  }
  AILERON_TRY(BindText("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n"));
  // The last two are what the data plane's DNS would say (proxy/names.h), without asking it.
  AILERON_TRY(BindText("/etc/hosts",
                       fmt::format("127.0.0.1 localhost {}\n::1 localhost ip6-localhost\n"
                                   "198.18.0.1 aileron.internal\nfd00:a11e::1 aileron.internal\n",
                                   spec.hostname)));
  if (spec.of_image()) return NameAgent(identity);
  if (!identity.renamed()) return {};
  const auto passwd = os::ReadFile("/etc/passwd");
  const auto group = os::ReadFile("/etc/group");
  if (!passwd || !group) return {};
  if (passwd->find(fmt::format(":{}:", identity.uid)) == std::string::npos) {
    AILERON_TRY(BindText("/etc/passwd",
                         fmt::format("{}{}:x:{}:{}:agent:{}:/bin/sh\n", *passwd, identity.name,
                                     identity.uid, identity.gid, identity.home)));
    AILERON_TRY(
        BindText("/etc/group", fmt::format("{}{}:x:{}:\n", *group, identity.name, identity.gid)));
  }
  return {};
}

// A source has been resolved: what is a link on its way by now was put there meanwhile.
Result<os::Fd> OpenSource(const std::string& source) {
  AILERON_ASSIGN(const os::Fd top, os::OpenPath("/"));
  auto opened = os::OpenBeneath(top, source == "/" ? "." : source.substr(1), O_PATH | O_NOFOLLOW);
  if (!opened)
    return Wrap(opened.error(), "{} changed while the sandbox was built; launch again", source);
  return opened;
}

Result<os::Fd> Detach(const HostTrees::Tree& tree, const Identity& identity) {
  if (tree.detached) return tree.detached.Duplicate();
  if (tree.source.empty()) {
    std::vector<os::FileSystemOption> options = {{"mode", "755"},
                                                 {"uid", fmt::format("{}", identity.uid)},
                                                 {"gid", fmt::format("{}", identity.gid)}};
    if (tree.bytes != 0) options.push_back({"size", fmt::format("{}", tree.bytes)});
    return os::MakeFileSystem("tmpfs", 0, options);
  }
  AILERON_ASSIGN(const os::Fd source, OpenSource(tree.source));
  return os::CloneTree(source);
}

// A mount of another namespace cannot be taken, and /proc/self/exe is one: by path, or, when the
// file has been replaced meanwhile, as a copy.
struct RuntimeBinary {
  os::Fd tree;
  os::Fd program;  // to be copied, where there is no tree
};

Result<RuntimeBinary> TakeRuntimeBinary(const std::string& path) {
  RuntimeBinary binary;
  if (auto tree = os::CloneTree(path)) {
    binary.tree = std::move(*tree);
    AILERON_TRY(os::SetTreeAttributes(binary.tree,
                                      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
    return binary;
  }
  binary.program = os::Fd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!binary.program) return os::FailErrno("cannot open this program");
  return binary;
}

Status PlaceRuntimeBinary(const RuntimeBinary& binary) {
  const std::string target = std::string(kRuntimeFolder) + "/bin/aileron";
  if (binary.tree) {
    AILERON_TRY(os::MakeMountPoint(target, FileKind::kFile));
    return os::AttachTree(binary.tree, target);
  }
  AILERON_ASSIGN(const std::string bytes, os::ReadAll(binary.program, "this program", kProgramMax));
  AILERON_TRY(os::MakeFolders(std::string(kRuntimeFolder) + "/bin", 0755));
  os::Fd file(open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555));
  if (!file) return os::FailErrno("cannot create {}", target);
  return os::WriteAll(file.get(), bytes);
}

}  // namespace

Result<HostTrees> OpenHostTrees(const Spec& spec, const Identity& identity) {
  HostTrees host;
  for (const SharedTree& mount : SharedTrees(spec)) {
    if (mount.source.empty()) {
      host.trees.push_back({"", mount.target, mount.access, mount.links, mount.bytes, true});
      continue;
    }
    AILERON_ASSIGN(const os::Fd descriptor, OpenSource(mount.source));
    struct stat info;
    if (fstat(descriptor.get(), &info) != 0)
      return os::FailErrno("cannot look at {}", mount.source);
    HostTrees::Tree tree{mount.source,          mount.target, mount.access, mount.links, 0,
                         S_ISDIR(info.st_mode), os::Fd(),     info.st_dev,  info.st_ino};
    if (identity.mapped) {
      AILERON_ASSIGN(tree.detached, os::CloneTree(descriptor));
      if (auto mapped = MapOwner(tree.detached, identity); !mapped) {
        return Wrap(mapped.error(),
                    "cannot show {} as the agent's own, and root does not run an "
                    "agent as root; run aileron as an ordinary user",
                    mount.source);
      }
    }
    host.trees.push_back(std::move(tree));
  }
  char program[4096];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof program);
  if (size <= 0) return os::FailErrno("cannot tell where this program is");
  host.runtime_binary.assign(program, static_cast<std::size_t>(size));
  return host;
}

Status BuildRootFs(const Spec& spec, const Identity& identity, HostTrees host) {
  // Everything of the host that the agent may see is taken before it is covered.
  AILERON_ASSIGN(const DeviceTrees devices, TakeDevices());
  std::vector<os::Fd> detached;
  for (const HostTrees::Tree& tree : host.trees) {
    AILERON_ASSIGN(os::Fd copy, Detach(tree, identity));
    const std::uint64_t read_only = tree.access == Access::kReadOnly ? MOUNT_ATTR_RDONLY : 0;
    AILERON_TRY(os::SetTreeAttributes(copy, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | read_only));
    detached.push_back(std::move(copy));
  }
  auto kernel = MakeKernelTrees();
  if (!kernel) return std::unexpected(WithFix(kernel.error()));
  AILERON_ASSIGN(const RuntimeBinary binary, TakeRuntimeBinary(host.runtime_binary));

  AILERON_TRY(WithFix(os::SealNamespace(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID)));
  if (!spec.layers.empty()) AILERON_TRY(EnterImage(spec));
  AILERON_TRY(EmptyFolders(spec, identity));
  AILERON_TRY(BuildEtc(spec, identity));
  AILERON_TRY(WithFix(BuildDev(devices, spec.shm_bytes)));
  for (std::size_t i = 0; i < detached.size(); ++i) {
    AILERON_TRY(AttachHostTree(host.trees[i], detached[i]));
  }
  const std::string runtime(kRuntimeFolder);
  AILERON_TRY(os::MakeFolders(runtime, 0755));
  AILERON_TRY(os::MountTmpfs(runtime, "mode=755,size=16m"));
  AILERON_TRY(PlaceRuntimeBinary(binary));
  AILERON_TRY(WithFix(BuildProc(kernel->proc, spec.nesting)));
  AILERON_TRY(BuildSys(kernel->sys));
  return spec.layers.empty() ? Status() : FinishImage();
}

}  // namespace aileron::sandbox
