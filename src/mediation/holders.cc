// Tested by tests/mediation/test_holders.py.

#include "mediation/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/text.h"
#include "mediation/limits.h"

namespace aileron::mediation {

namespace {

constexpr pid_t kInitInside = 1;  // init, as the sandbox counts

// Since the kernel was started, as proc_pid_stat(5) counts.
std::uint64_t TicksNow() {
  static const auto a_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * a_second +
         static_cast<std::uint64_t>(now.tv_nsec) / (1'000'000'000 / a_second);
}

// Calls visit(number) for each entry that is one, until it returns false.
template <typename Visit>
Status EachNumber(os::Fd folder, Visit&& visit) {
  const std::unique_ptr<DIR, decltype(&closedir)> entries(fdopendir(folder.get()), &closedir);
  if (!entries) return os::FailErrno("cannot list a folder of proc");
  (void)folder.Release();
  while (const dirent* entry = readdir(entries.get())) {
    if (const auto number = ParseInteger<int>(std::string_view(entry->d_name))) {
      if (!visit(*number)) break;
    }
  }
  return {};
}

bool IsGone(int error) { return error == ENOENT || error == ESRCH; }

bool IsLinkTo(int folder, int descriptor, std::string_view socket) {
  char target[64];
  const auto size = readlinkat(folder, fmt::format_int(descriptor).c_str(), target, sizeof target);
  return size > 0 && std::string_view(target, static_cast<std::size_t>(size)) == socket;
}

}  // namespace

Result<Holders> Holders::Make(pid_t init, Trust trust) {
  AILERON_ASSIGN(os::SocketDiag sockets, os::SocketDiag::Open());
  os::Fd proc(
      open(fmt::format("/proc/{}/root/proc", init).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return os::FailErrno("cannot look at the sandbox's processes");
  os::Fd outer(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!outer) return os::FailErrno("cannot look at processes");
  return Holders(std::move(sockets), Processes(std::move(proc), kInitInside, trust),
                 Processes(std::move(outer), init, trust));
}

Result<std::vector<Holders::Holder>> Holders::Find(const std::string& socket) const {
  std::vector<Holder> holders;
  std::size_t processes = 0, descriptors = 0;
  Status looked;
  os::Fd proc(openat(processes_.proc().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return os::FailErrno("cannot look at the sandbox's processes");
  AILERON_TRY(EachNumber(std::move(proc), [&](int pid) {
    if (pid == kInitInside) return true;  // it shows nobody what it has, and connects to nothing
    const std::size_t before = descriptors;
    os::Fd folder = processes_.Open(pid, "fd", O_RDONLY | O_DIRECTORY);
    if (folder) {
      const int number = folder.get();
      looked = EachNumber(std::move(folder), [&](int descriptor) {
        const bool holds = IsLinkTo(number, descriptor, socket);
        if (holds) holders.push_back({pid, descriptor});
        return ++descriptors <= limits::kDescriptorsLooked && !holds;
      });
    }
    if (descriptors == before) looked = CheckEnded(pid, socket);
    return looked && ++processes <= limits::kProcessesLooked &&
           descriptors <= limits::kDescriptorsLooked;
  }));
  AILERON_TRY(std::move(looked));
  if (processes > limits::kProcessesLooked || descriptors > limits::kDescriptorsLooked) {
    return Fail(Code::kUnsupported, "too much is open in the sandbox");
  }
  return holders;
}

// Of a process of which no descriptor was seen, whether it surely does not hold it: its folder
// lists those of its first thread, which may have ended before the others.
Status Holders::CheckEnded(pid_t pid, const std::string& socket) const {
  os::Fd tasks = processes_.Open(pid, "task", O_RDONLY | O_DIRECTORY);
  if (!tasks && !IsGone(errno)) return os::FailErrno("cannot look at process {}", pid);
  if (!tasks || processes_.IsZombie(pid)) return {};
  Status unseen;
  AILERON_TRY(EachNumber(std::move(tasks), [&](int thread) {
    os::Fd folder = processes_.Open(pid, fmt::format("task/{}/fd", thread), O_RDONLY | O_DIRECTORY);
    const int number = folder.get();
    if (!folder && !IsGone(errno)) {
      // One that is not dumpable, which init's child is until it executes something.
      unseen = Fail(Code::kUnavailable, "process {} does not show what it has open", pid);
    } else if (folder) {
      (void)EachNumber(std::move(folder), [&](int descriptor) {
        if (IsLinkTo(number, descriptor, socket)) {
          unseen = Fail(Code::kUnsupported, "one that holds it goes on without its first thread");
        }
        return unseen.has_value();
      });
    }
    return unseen.has_value();
  }));
  return unseen;
}

// Nobody becomes another program while this looks but those that are changing: each call waits for
// this process.
Status Holders::CheckUnchanging(std::span<const Holder> holders,
                                std::span<const pid_t> changing) const {
  if (changing.empty()) return {};
  const auto fail = [] {
    return Fail(Code::kUnavailable, "one that holds it is about to be another program");
  };
  std::vector<pid_t> inside;
  for (const pid_t thread : changing) {
    inside.push_back(outer_.NumberInside(thread));
    // A thread that is gone may have taken the number of its process, with another program.
    if (inside.back() == 0) return fail();
  }
  for (const Holder& holder : holders) {
    for (const Family::Process& one : processes_.LineOf(holder.pid)) {
      if (std::ranges::find(inside, one.pid) != inside.end()) return fail();
    }
  }
  return {};
}

void Holders::Executed(pid_t pid, const command::Execution& execution) {
  if (!remembers_) return;
  if (family_.full()) {
    family_.Forget(
        [&](const Family::Process& one) { return processes_.StartedAt(one.pid) == one.started; });
  }
  const pid_t inside = outer_.NumberInside(pid);
  if (inside == 0) return;
  family_.Note(processes_.LineOf(inside), execution,
               {.now = TicksNow(), .children = processes_.ChildrenOf(inside)},
               [&] { return processes_.ParentsOf(inside); });
}

// What it was executed as says more than its file, and its parents then more than those it has now;
// its file is its own in any case. Its arguments are what it was executed with, or what it says.
command::Lineage Holders::LineageOf(pid_t pid) const {
  using enum command::Knowledge;
  command::Lineage line = processes_.LineageOf(pid);
  Family::Known known = family_.Of(processes_.LineOf(pid));
  // Of its parents as proc has them those count where nothing else is known, and which did not
  // become that without it.
  const bool by_proc = known.line.processes.empty() && !known.replaced;
  for (command::Parent& one : line.processes) one.knowledge = by_proc ? kProgram : kNothing;
  if (!line.processes.empty()) line.processes.front().knowledge = kProgram;
  line.cut |= known.line.cut;
  if (known.line.processes.empty()) return line;
  line.processes.resize(std::min(line.processes.size(), std::max<std::size_t>(known.at, 1)));
  line.cut = known.line.cut;
  for (command::Parent& one : known.line.processes) line.processes.push_back(std::move(one));
  return line;
}

Result<std::vector<command::Lineage>> Holders::Of(const os::SocketEnd& client,
                                                  const os::SocketEnd& server,
                                                  std::span<const pid_t> changing) {
  AILERON_ASSIGN(const os::SocketDiag::Socket found, sockets_.Find(client, server));
  const std::string socket = fmt::format("socket:[{}]", found.inode);
  AILERON_ASSIGN(const std::vector<Holder> holders, Find(socket));
  if (holders.empty()) return Fail(Code::kNotFound, "nobody holds that connection");
  AILERON_TRY(CheckUnchanging(holders, changing));
  std::vector<command::Lineage> lines;
  for (const Holder& holder : holders) lines.push_back(LineageOf(holder.pid));
  // Of a process that has let go of it meanwhile, or has become another, nothing is known.
  for (const Holder& holder : holders) {
    const os::Fd folder = processes_.Open(holder.pid, "fd", O_RDONLY | O_DIRECTORY);
    if (!folder || !IsLinkTo(folder.get(), holder.descriptor, socket)) {
      return Fail(Code::kUnavailable, "the connection changed hands");
    }
  }
  return lines;
}

}  // namespace aileron::mediation
