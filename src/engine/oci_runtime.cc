#include "engine/oci_runtime.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "image/json_fields.h"
#include "os/mounts.h"
#include "os/namespaces.h"
#include "os/paths.h"
#include "os/pipe.h"
#include "sandbox/fix.h"
#include "sandbox/identity.h"

namespace aileron::engine {

namespace {

constexpr std::string_view kKnown[] = {"crun", "runc"};
// Beside PATH, which ordinary users of Debian have without them.
constexpr std::string_view kMoreFolders = "/usr/sbin:/usr/local/sbin:/sbin";
// Where a runtime of another launch is looked for, whatever its PATH was.
constexpr std::string_view kSystemFolders =
    "/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin:/usr/local/sbin";
constexpr const char* kUnifiedGroups = "/sys/fs/cgroup/unified";
constexpr int kCannotStart = 125;
constexpr Duration kPatience = std::chrono::seconds(20);  // of a short call
constexpr std::size_t kLogMax = 256u << 10;
constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kShown = 400;

std::string ReadBeginning(const std::string& path) {
  const os::Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return file ? os::ReadAll(file, path, kLogMax).value_or("") : std::string();
}

// In the new process, until it is the runtime. Returns only what went wrong.
Status BecomeRuntime(const std::string& program, const std::string& output,
                     std::vector<std::string>& words, int ready) {
  char mapped;
  if (read(ready, &mapped, 1) != 1) return Fail(Code::kUnavailable, "its user is not mapped");
  os::ResetSignals();
  // Of a terminal's signals it hears nothing: the agent has its own ones.
  setsid();
  umask(022);
  const os::Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const os::Fd said(open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!null || !said) return os::FailErrno("cannot open {}", output);
  if (dup2(null.get(), 0) < 0 || dup2(said.get(), 1) < 0 || dup2(said.get(), 2) < 0)
    return os::FailErrno("cannot place its streams");
  syscall(SYS_close_range, 3u, UINT_MAX, static_cast<unsigned>(CLOSE_RANGE_CLOEXEC));
  // What the host mounts and takes away is still seen.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return os::FailErrno("cannot keep its mounts apart");
  struct statfs groups;
  if (statfs(kUnifiedGroups, &groups) == 0 && groups.f_type == CGROUP2_SUPER_MAGIC) {
    AILERON_TRY(os::MountTmpfs(kUnifiedGroups, "mode=755,size=0"));
  }
  if (chdir("/") != 0) return os::FailErrno("cannot enter the root folder");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  // Nothing of ours is its business: no token, no proxy, no preloaded library.
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* const environment[] = {path.data(), nullptr};
  execve(program.c_str(), argv.data(), environment);
  return os::FailErrno("cannot start {}", program);
}

// Its end, or kUnavailable when it takes longer.
Status AwaitEnd(const os::Child& child, Duration longest) {
  if (!os::EndsWithin(child, longest)) return Fail(Code::kUnavailable, "it does not end");
  AILERON_TRY(os::WaitFor(child));
  return {};
}

std::string_view LastOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Status CheckKind(const os::Program& program) {
  // By the names alone: to ask would cost each launch a start of the program.
  if (!LastOf(program.path).starts_with("runsc") && !LastOf(program.called).starts_with("runsc"))
    return {};
  return Fail(
      Code::kUnsupported,
      "{} (gVisor) has a kernel of its own, in which a sandbox cannot be built: it hands no "
      "descriptors out, and so neither connections nor questions about commands. Use "
      "--runtime=crun or runc, or --sandbox=native",
      program.path);
}

}  // namespace

std::string_view OciRuntime::name() const { return LastOf(program_.called); }

bool OciRuntime::IsRootless() { return !sandbox::RulesTheMachine(); }

Result<OciRuntime> OciRuntime::Find(std::string_view named, std::string_view path,
                                    std::span<const std::string> projects) {
  if (named.contains('/')) {
    std::string whole(named);
    if (!named.starts_with('/')) {
      AILERON_ASSIGN(const std::string here, os::CurrentFolder());
      whole = fmt::format("{}/{}", here, named);
    }
    struct stat info;
    if (stat(whole.c_str(), &info) != 0)
      return os::FailErrno("cannot use the runtime {}", Printable(named));
    os::ProgramSearch search = os::FindProgramAt(whole, projects);
    if (!search.found) {
      return Fail(Code::kDenied,
                  "the runtime {} is no program, or lies in the workspace or another folder, where "
                  "an agent writes",
                  Printable(named));
    }
    AILERON_TRY(CheckKind(*search.found));
    return OciRuntime(*std::move(search.found), projects);
  }
  const std::string folders = fmt::format("{}:{}", path, kMoreFolders);
  std::string left_out;
  for (const std::string_view known : kKnown) {
    if (!named.empty() && known != kKnown[0]) break;
    os::ProgramSearch search = os::FindProgram(named.empty() ? known : named, folders, projects);
    if (left_out.empty()) left_out = std::move(search.left_out);
    if (!search.found) continue;
    AILERON_TRY(CheckKind(*search.found));
    return OciRuntime(*std::move(search.found), projects);
  }
  const std::string why = os::TellLeftOut(left_out);
  if (!named.empty()) {
    return Fail(Code::kUnavailable, "the runtime {} is not in PATH{}; install it, or give its path",
                Printable(named), why);
  }
  return Fail(Code::kUnavailable,
              "no OCI runtime is there: neither crun nor runc is in PATH{}. Install one: in Debian "
              "and Ubuntu \"apt-get install crun\", in Fedora \"dnf install crun\"",
              why);
}

OciRuntime OciRuntime::Named(std::string_view name) const {
  if (name.empty() || name == this->name()) return *this;
  os::ProgramSearch search = os::FindProgram(name, kSystemFolders, projects_);
  if (!search.found || !CheckKind(*search.found)) return *this;
  return {*std::move(search.found), projects_};
}

Result<os::Child> OciRuntime::Start(const Place& place, std::vector<std::string> words) const {
  AILERON_ASSIGN(os::Pipe ready, os::MakePipe());
  const bool rootless = IsRootless();
  auto cloned = os::CloneInto(CLONE_NEWNS | (rootless ? CLONE_NEWUSER : 0));
  if (!cloned) return std::unexpected(sandbox::WithFix(cloned.error()));
  if (cloned->pid == 0) {
    ready.writer.Reset();
    const Status failed = BecomeRuntime(program_.path, place.output(), words, ready.reader.get());
    if (!failed) {
      const std::string text = failed.error().message + "\n";
      (void)os::WriteAll(STDERR_FILENO, text);
    }
    _exit(kCannotStart);
  }
  Status mapped;
  if (rootless) mapped = os::MapIds(cloned->pid, {{0, geteuid()}}, {{0, getegid()}});
  if (mapped) mapped = os::WriteAll(ready.writer.get(), "m");
  if (mapped) return std::move(*cloned);
  ready.writer.Reset();
  (void)os::WaitFor(*cloned);
  return std::unexpected(sandbox::WithFix(mapped.error()));
}

Result<os::Child> OciRuntime::Run(const Place& place, const std::string& container) const {
  std::vector<std::string> words = {program_.called, "--root=" + place.state(),
                                    "--log=" + place.log(), "--log-format=json"};
  if (name().starts_with("crun")) words.emplace_back("--cgroup-manager=disabled");
  words.insert(words.end(), {"run", "--bundle=" + place.bundle(), container});
  return Start(place, std::move(words));
}

void OciRuntime::Remove(const Place& place, const std::string& container) const {
  const auto removing =
      Start(place, {program_.called, "--root=" + place.state(), "delete", "--force", container});
  if (!removing || AwaitEnd(*removing, kPatience)) return;
  (void)os::SignalChild(*removing, SIGKILL);
  (void)os::WaitFor(*removing);
}

std::string OciRuntime::Complaint(const Place& place) {
  if (std::string said = ReadOciLog(ReadBeginning(place.log())); !said.empty()) return said;
  return Printable(BeginningOf(Trim(ReadBeginning(place.output())), kShown));
}

Result<std::string> OciRuntime::Version() const {
  AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
  AILERON_ASSIGN(const os::Child child,
                 os::Spawn({.path = program_.path,
                            .argv = {program_.called, "--version"},
                            .environment = {},
                            .descriptors = {{pipe.writer.get(), STDOUT_FILENO}},
                            .with_parent = os::WithParent::kDies}));
  pipe.writer.Reset();
  const Status ended = AwaitEnd(child, kPatience);  // so little is said that no pipe is full of it
  if (!ended) {
    (void)os::SignalChild(child, SIGKILL);
    (void)os::WaitFor(child);
    return Wrap(ended.error(), "{} --version", program_.path);
  }
  AILERON_ASSIGN(const std::string text, os::ReadAll(pipe.reader, program_.path, kLogMax));
  std::string version = ReadOciVersion(text);
  if (version.empty()) return Fail(Code::kInvalid, "{} does not tell its version", program_.path);
  return version;
}

std::string ReadOciLog(std::string_view log) {
  std::string last;
  for (const std::string_view line : Split(log, '\n')) {
    constexpr std::string_view what = "a line of the log";
    const auto json = image::ParseJson(line, kLogMax, what);
    if (!json) continue;
    const auto fields = image::Fields::Of(*json, what);
    if (!fields || fields->Text("level", kTextMax).value_or("") != "error") continue;
    const std::string message = fields->Text("msg", kLogMax).value_or("");
    if (!message.empty()) last = Printable(BeginningOf(message, kTextMax));
  }
  return last;
}

std::string ReadOciVersion(std::string_view text) {
  const auto words = Split(Trim(text.substr(0, text.find('\n'))), ' ');
  if (words.size() != 3 || words[1] != "version") return {};
  return Printable(
      fmt::format("{} {}", BeginningOf(words[0], kShown), BeginningOf(words[2], kShown)));
}

}  // namespace aileron::engine
