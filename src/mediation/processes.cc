// Tested by tests/mediation/test_bypass.py.

#include "mediation/processes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "mediation/limits.h"

namespace aileron::mediation {

using command::Lineage;
using command::Origin;

namespace {

std::string Below(pid_t pid, std::string_view name) { return fmt::format("{}/{}", pid, name); }

}  // namespace

std::string Processes::ReadLink(pid_t pid, std::string_view name) const {
  std::string target(limits::kPath, '\0');
  const ssize_t size =
      readlinkat(proc_.get(), Below(pid, name).c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

os::Fd Processes::Open(pid_t pid, std::string_view name, int flags) const {
  return os::Fd(openat(proc_.get(), Below(pid, name).c_str(), flags | O_CLOEXEC));
}

std::optional<struct stat> Processes::StatOf(pid_t pid, std::string_view name) const {
  struct stat info;
  if (fstatat(proc_.get(), Below(pid, name).c_str(), &info, 0) != 0) return std::nullopt;
  return info;
}

std::optional<FileId> Processes::FileAt(pid_t pid, std::string_view name) const {
  const auto info = StatOf(pid, name);
  if (!info) return std::nullopt;
  return FileId{info->st_dev, info->st_ino};
}

// The first bytes of a file.
std::string Processes::Read(pid_t pid, std::string_view name, std::size_t most) const {
  const os::Fd file = Open(pid, name, O_RDONLY);
  if (!file) return {};
  std::string bytes(most, '\0');
  const ssize_t count = read(file.get(), bytes.data(), bytes.size());
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

// proc_pid_stat(5): "PID (NAME) STATE PPID …", where the name may hold anything.
Processes::Status Processes::Stat(pid_t pid) const {
  constexpr std::size_t state = 1, parent = 2, started = 20;
  const std::string text = Read(pid, "stat", 512);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  const auto fields = Split(std::string_view(text).substr(name_end + 1), ' ');
  if (fields.size() <= started) return {};
  return {fields[state].empty() ? '\0' : fields[state].front(),
          ParseInteger<pid_t>(fields[parent]).value_or(0),
          ParseInteger<std::uint64_t>(fields[started]).value_or(0)};
}

std::vector<Family::Process> Processes::LineOf(pid_t pid) const {
  std::vector<Family::Process> line;
  while (pid > 0 && pid != init_ && line.size() <= static_cast<std::size_t>(limits::kParents)) {
    const Status status = Stat(pid);
    line.push_back({pid, status.started});
    pid = status.parent;
  }
  return line;
}

bool Processes::IsZombie(pid_t pid) const {
  if (Stat(pid).state != 'Z') return false;
  // A thread that goes on keeps its folder beside that of the first one, which has ended.
  const auto tasks = StatOf(pid, "task");
  return tasks && tasks->st_nlink == 3;
}

// proc_pid_children(5), which is empty where there is none, and may lack some of several.
Family::Children Processes::ChildrenOf(pid_t pid) const {
  const os::Fd file = Open(pid, fmt::format("task/{}/children", pid), O_RDONLY);
  char first;
  const bool none = file && read(file.get(), &first, 1) == 0;
  return none ? Family::Children::kNone : Family::Children::kMaybe;
}

// proc_pid_status(5): "NStgid: 700 12", from the namespace of this proc inwards.
pid_t Processes::NumberInside(pid_t thread) const {
  constexpr std::string_view field = "NStgid:";
  const std::string text = Read(thread, "status", 4096);
  for (const std::string_view line : Split(text, '\n')) {
    if (!line.starts_with(field)) continue;
    const auto numbers = Split(Trim(line.substr(field.size())), '\t');
    return numbers.size() > 1 ? ParseInteger<pid_t>(numbers[1]).value_or(0) : 0;
  }
  return 0;
}

std::optional<command::Parent> Processes::ProgramOf(pid_t pid) const {
  const os::Fd file = Open(pid, "exe", O_PATH);
  if (!file) return std::nullopt;
  command::Parent program{
      .path = ReadLink(pid, "exe"), .origin = OriginOf(pid, file.get()), .argv = {}};
  std::string text = Read(pid, "cmdline", limits::kParentBytes);
  if (text.ends_with('\0')) text.pop_back();
  for (const std::string_view word : Split(text, '\0')) program.argv.emplace_back(word);
  return program;
}

Lineage Processes::ParentsOf(pid_t pid) const {
  Lineage parents;
  pid_t parent = Stat(pid).parent;
  while (parent > 0 && parent != init_) {
    auto program = ProgramOf(parent);
    parents.cut = !program || parents.processes.size() == limits::kParents;
    if (parents.cut) break;
    parents.processes.push_back(std::move(*program));
    parent = Stat(parent).parent;
  }
  return parents;
}

Lineage Processes::LineageOf(pid_t pid) const {
  Lineage line;
  if (pid == init_) return line;
  auto program = ProgramOf(pid);
  line.cut = !program;
  line.processes.push_back(program ? std::move(*program) : command::Parent{});
  Lineage parents = ParentsOf(pid);
  for (command::Parent& parent : parents.processes) line.processes.push_back(std::move(parent));
  line.cut |= parents.cut;
  return line;
}

bool Processes::HasRootOfInit(pid_t pid) const {
  const auto root = FileAt(pid, "root");
  return root && root == FileAt(init_, "root");
}

// In a mount namespace that was made inside, any mount may be read-only.
Origin Processes::OriginOf(pid_t pid, int file) const {
  if (!OnReadOnlyMount(file)) return Origin::kSandbox;
  if (trust_ == Trust::kNames) return Origin::kSystem;
  const auto mounts = FileAt(pid, "ns/mnt");
  return mounts && mounts == FileAt(init_, "ns/mnt") ? Origin::kSystem : Origin::kSandbox;
}

}  // namespace aileron::mediation
