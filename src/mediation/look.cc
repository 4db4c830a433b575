// Tested by tests/mediation/test_bypass.py.

#include "mediation/look.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "mediation/limits.h"
#include "mediation/script_line.h"
#include "os/trace.h"

namespace aileron::mediation {

using command::Execution;
using command::Interpreter;
using command::Origin;

namespace {

constexpr unsigned kTerminalsFirst = 136;  // major numbers of /dev/pts
constexpr unsigned kTerminalsLast = 143;
constexpr unsigned kTtyMajor = 4;

std::string ProcPath(pid_t pid, std::string_view name) {
  return fmt::format("/proc/{}/{}", pid, name);
}

std::string ReadLink(const std::string& path) {
  std::string target(limits::kPath, '\0');
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

std::optional<FileId> FileAt(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileId{info.st_dev, info.st_ino};
}

// The first bytes of a file of proc.
std::string ReadProc(pid_t pid, std::string_view name, std::size_t most) {
  const os::Fd file(open(ProcPath(pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  std::string bytes(most, '\0');
  const ssize_t count = read(file.get(), bytes.data(), bytes.size());
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

// proc_pid_stat(5): "PID (NAME) STATE PPID …", where the name may hold anything.
pid_t ParentOf(pid_t pid) {
  const std::string text = ReadProc(pid, "stat", 512);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  const auto fields = Split(std::string_view(text).substr(name_end + 1), ' ');
  return fields.size() > 2 ? ParseInteger<pid_t>(fields[2]).value_or(0) : 0;
}

std::vector<std::string> WordsOf(pid_t pid) {
  std::string text = ReadProc(pid, "cmdline", limits::kParentBytes);
  if (text.ends_with('\0')) text.pop_back();
  std::vector<std::string> words;
  for (const std::string_view word : Split(text, '\0')) words.emplace_back(word);
  return words;
}

std::string Absolute(const std::string& name, const std::string& folder) {
  if (name.starts_with('/')) return name;
  return folder.empty() ? std::string() : folder + "/" + name;
}

// A script's words as its caller gave them: the kernel put others before them, and took the first.
bool TakeScriptWords(const std::vector<std::string>& before, const std::string& name,
                     std::vector<std::string>& argv) {
  if (before.empty()) return true;
  if (argv.size() <= before.size() || argv[before.size()] != name) return false;
  if (!std::equal(before.begin(), before.end(), argv.begin())) return false;
  argv.erase(argv.begin(), argv.begin() + static_cast<std::ptrdiff_t>(before.size()));
  return true;
}

}  // namespace

Result<Look> Look::Make(pid_t init, Trust trust) {
  os::Fd root(open(ProcPath(init, "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return os::FailErrno("cannot look into the sandbox");
  return Look(Names(std::move(root)), init, trust);
}

// Links that are known were looked for among the paths before.
void Look::Watch(std::vector<std::string> paths) {
  watched_ = std::move(paths);
  known_.clear();
}

Result<Loaded> Look::At(pid_t pid) {
  AILERON_ASSIGN(const std::uint64_t stack, os::StackOf(pid));
  const ReadAt read = [pid](std::uint64_t address, std::span<char> into) {
    return os::ReadMemory(pid, address, into);
  };
  AILERON_ASSIGN(StackImage image, ReadStack(read, stack));
  Loaded loaded{.execution = {}, .stack = stack, .environment = image.environment};
  const Known* known = KnownBy(image.name);
  if (known != nullptr && TakeScriptWords(known->before, image.name, image.argv)) {
    loaded.execution.executable = known->named.path;
    loaded.execution.origin = known->named.origin;
    loaded.execution.links = known->named.links;
    loaded.execution.interpreters = known->interpreters;
    loaded.execution.asked = std::move(image.name);
    loaded.execution.argv = std::move(image.argv);
    return loaded;
  }
  AILERON_ASSIGN(loaded.execution, FromExe(pid, image));
  return loaded;
}

// Only names that lead to the same file whoever asks, and whenever.
const Look::Known* Look::KnownBy(const std::string& name) {
  const auto found = known_.find(name);
  if (found == known_.end()) return nullptr;
  if (names_.Stands(found->second.named)) return &found->second;
  known_.erase(found);
  return nullptr;
}

void Look::Keep(const std::string& name, Known known) {
  if (trust_ == Trust::kFiles || !known.named.stable) return;
  if (known_.size() >= limits::kNamesKept) known_.clear();
  known_.emplace(name, std::move(known));
}

Result<Execution> Look::FromExe(pid_t pid, StackImage& image) {
  const os::Fd file(open(ProcPath(pid, "exe").c_str(), O_PATH | O_CLOEXEC));
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0) {
    return os::FailErrno("cannot look at the file of process {}", pid);
  }
  Execution execution;
  execution.cwd = ReadLink(ProcPath(pid, "cwd"));
  execution.asked = Absolute(image.name, execution.cwd);
  auto known = Follow(execution.asked, {info.st_dev, info.st_ino}, execution.cwd);
  if (known && TakeScriptWords(known->before, image.name, image.argv)) {
    execution.executable = known->named.path;
    execution.origin = trust_ == Trust::kNames ? known->named.origin : OriginOf(pid, file.get());
    AddWatched(known->named, known->named.links);
    execution.links = known->named.links;
    execution.interpreters = known->interpreters;
    if (image.name.starts_with('/')) Keep(image.name, std::move(*known));
  } else {
    execution.executable = ReadLink(ProcPath(pid, "exe"));
    execution.origin = OriginOf(pid, file.get());
  }
  execution.argv = std::move(image.argv);
  if (execution.executable.empty()) return Fail(Code::kInvalid, "its file has no name");
  return execution;
}

void Look::AddWatched(const Named& named, std::vector<std::string>& links) const {
  if (!named.has_other_names) return;
  for (const std::string& path : watched_) {
    const auto other = names_.Follow(path);
    if (other && other->file == named.file && path != named.path) links.push_back(path);
  }
}

// What the name leads to, when the kernel could have loaded `loaded` for it.
std::optional<Look::Known> Look::Follow(const std::string& name, const FileId& loaded,
                                        const std::string& folder) const {
  auto named = names_.Follow(name);
  if (!named) return std::nullopt;
  Known known{.named = std::move(*named), .interpreters = {}, .before = {}};
  Named last = known.named;
  bool stable = last.stable;
  for (int left = limits::kInterpreters; last.file != loaded; --left) {
    const auto line = left > 0 ? ParseScriptLine(names_.HeadOf(last)) : std::nullopt;
    if (!line) return std::nullopt;
    auto next = names_.Follow(Absolute(line->interpreter, folder));
    if (!next) return std::nullopt;
    known.interpreters.push_back({next->path, line->argument});
    std::vector<std::string> words = {line->interpreter};
    if (!line->argument.empty()) words.push_back(line->argument);
    known.before.insert(known.before.begin(), words.begin(), words.end());
    stable = stable && next->stable;
    last = std::move(*next);
  }
  known.named.stable = stable;
  return known;
}

// In a mount namespace that was made inside, any mount may be read-only.
Origin Look::OriginOf(pid_t pid, int file) const {
  if (!OnReadOnlyMount(file)) return Origin::kSandbox;
  if (trust_ == Trust::kNames) return Origin::kSystem;
  const auto mounts = FileAt(ProcPath(pid, "ns/mnt"));
  return mounts && mounts == FileAt(ProcPath(init_, "ns/mnt")) ? Origin::kSystem : Origin::kSandbox;
}

void Look::Complete(pid_t pid, Execution& execution) const {
  if (execution.cwd.empty()) execution.cwd = ReadLink(ProcPath(pid, "cwd"));
  struct stat input;
  if (stat(ProcPath(pid, "fd/0").c_str(), &input) == 0 && S_ISCHR(input.st_mode)) {
    const unsigned kind = major(input.st_rdev);
    const bool terminal = (kind >= kTerminalsFirst && kind <= kTerminalsLast) || kind == kTtyMajor;
    if (terminal) execution.input = command::Stdin::kTerminal;
  }
  execution.parents.clear();
  pid_t parent = ParentOf(pid);
  for (int left = limits::kParents; left > 0 && parent > 0 && parent != init_; --left) {
    const os::Fd file(open(ProcPath(parent, "exe").c_str(), O_PATH | O_CLOEXEC));
    if (!file) break;
    execution.parents.push_back({.path = ReadLink(ProcPath(parent, "exe")),
                                 .origin = OriginOf(parent, file.get()),
                                 .argv = WordsOf(parent)});
    parent = ParentOf(parent);
  }
}

bool Look::RunsFile(pid_t pid, const FileId& file) const {
  return FileAt(ProcPath(pid, "exe")) == file;
}

}  // namespace aileron::mediation
