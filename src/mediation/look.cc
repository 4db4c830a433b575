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
  os::Fd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return os::FailErrno("cannot look at processes");
  Processes processes(std::move(proc), init, trust);
  os::Fd root = processes.Open(init, "root", O_PATH | O_DIRECTORY);
  if (!root) return os::FailErrno("cannot look into the sandbox");
  return Look(Names(std::move(root)), std::move(processes), trust);
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
  const os::Fd file = processes_.Open(pid, "exe", O_PATH);
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0) {
    return os::FailErrno("cannot look at the file of process {}", pid);
  }
  Execution execution;
  execution.cwd = processes_.ReadLink(pid, "cwd");
  execution.asked = Absolute(image.name, execution.cwd);
  auto known = Follow(execution.asked, {info.st_dev, info.st_ino}, execution.cwd);
  if (known && TakeScriptWords(known->before, image.name, image.argv)) {
    execution.executable = known->named.path;
    execution.origin = OriginOf(pid, file.get(), *known);
    AddWatched(known->named, known->named.links);
    execution.links = known->named.links;
    execution.interpreters = known->interpreters;
    if (image.name.starts_with('/')) Keep(image.name, std::move(*known));
  } else {
    execution.executable = processes_.ReadLink(pid, "exe");
    execution.origin = processes_.OriginOf(pid, file.get());
  }
  execution.argv = std::move(image.argv);
  if (execution.executable.empty()) return Fail(Code::kInvalid, "its file has no name");
  return execution;
}

// Of a script only the interpreter was loaded: which file that reads is only certain where its name
// leads nowhere else, be it from another root folder or at another time.
Origin Look::OriginOf(pid_t pid, int loaded, const Known& known) const {
  const bool script = !known.interpreters.empty();
  if (script && !known.named.stable) return Origin::kSandbox;
  if (trust_ == Trust::kNames) return known.named.origin;
  if (script && !processes_.HasRootOfInit(pid)) return Origin::kSandbox;
  return processes_.OriginOf(pid, loaded);
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

void Look::Complete(pid_t pid, Execution& execution) const {
  if (execution.cwd.empty()) execution.cwd = processes_.ReadLink(pid, "cwd");
  const auto input = processes_.StatOf(pid, "fd/0");
  if (input && S_ISCHR(input->st_mode)) {
    const unsigned kind = major(input->st_rdev);
    const bool terminal = (kind >= kTerminalsFirst && kind <= kTerminalsLast) || kind == kTtyMajor;
    if (terminal) execution.input = command::Stdin::kTerminal;
  }
  execution.parents = processes_.ParentsOf(pid).processes;
}

bool Look::RunsFile(pid_t pid, const FileId& file) const {
  return processes_.FileAt(pid, "exe") == file;
}

}  // namespace aileron::mediation
