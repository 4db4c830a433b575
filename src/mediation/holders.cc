// Tested by tests/mediation/test_holders.py.

#include "mediation/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "mediation/limits.h"

namespace aileron::mediation {

namespace {

constexpr std::uint64_t kTicks = 100;  // a second: USER_HZ

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

bool IsLinkTo(int folder, int descriptor, std::string_view socket) {
  char target[64];
  const auto size = readlinkat(folder, fmt::format_int(descriptor).c_str(), target, sizeof target);
  return size > 0 && std::string_view(target, static_cast<std::size_t>(size)) == socket;
}

}  // namespace

Result<Holders> Holders::Make(pid_t init, Trust trust) {
  constexpr pid_t first = 1;  // as the sandbox counts
  AILERON_ASSIGN(os::SocketDiag sockets, os::SocketDiag::Open());
  os::Fd proc(
      open(fmt::format("/proc/{}/root/proc", init).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return os::FailErrno("cannot look at the sandbox's processes");
  os::Fd outer(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!outer) return os::FailErrno("cannot look at processes");
  return Holders(std::move(sockets), Processes(std::move(proc), first, trust),
                 Processes(std::move(outer), init, trust));
}

Result<std::vector<Holders::Holder>> Holders::Find(const std::string& socket) const {
  std::vector<Holder> holders;
  std::size_t processes = 0, descriptors = 0;
  os::Fd proc(openat(processes_.proc().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return os::FailErrno("cannot look at the sandbox's processes");
  AILERON_TRY(EachNumber(std::move(proc), [&](int pid) {
    os::Fd folder = processes_.Open(pid, "fd", O_RDONLY | O_DIRECTORY);
    if (!folder) return true;  // it has ended
    const int number = folder.get();
    (void)EachNumber(std::move(folder), [&](int descriptor) {
      if (IsLinkTo(number, descriptor, socket)) {
        holders.push_back({pid, descriptor});
        return false;
      }
      return ++descriptors <= limits::kDescriptorsLooked;
    });
    return ++processes <= limits::kProcessesLooked && descriptors <= limits::kDescriptorsLooked;
  }));
  if (processes > limits::kProcessesLooked || descriptors > limits::kDescriptorsLooked) {
    return Fail(Code::kUnavailable, "too much is open in the sandbox");
  }
  return holders;
}

void Holders::Executed(pid_t pid, const command::Execution& execution) {
  if (!remembers_) return;
  if (family_.full()) {
    family_.Forget(
        [&](const Family::Process& one) { return processes_.StartedAt(one.pid) == one.started; });
  }
  const pid_t inside = outer_.NumberInside(pid);
  if (inside == 0) return;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const auto ticks = static_cast<std::uint64_t>(now.tv_sec) * kTicks +
                     static_cast<std::uint64_t>(now.tv_nsec) / (1'000'000'000 / kTicks);
  family_.Note(processes_.LineOf(inside), execution, ticks,
               [&] { return processes_.ParentsOf(inside); });
}

// What it was executed as says more than its file, and its parents then more than those it has now;
// its file is its own in any case.
command::Lineage Holders::LineageOf(pid_t pid) const {
  command::Lineage line = processes_.LineageOf(pid);
  Family::Known known = family_.Of(processes_.LineOf(pid));
  if (known.line.empty()) return line;
  line.resize(std::min(line.size(), std::max<std::size_t>(known.at, 1)));
  for (command::Parent& one : known.line) line.push_back(std::move(one));
  return line;
}

Result<std::vector<command::Lineage>> Holders::Of(const os::SocketEnd& client,
                                                  const os::SocketEnd& server) {
  AILERON_ASSIGN(const os::SocketDiag::Socket found, sockets_.Find(client, server));
  const std::string socket = fmt::format("socket:[{}]", found.inode);
  AILERON_ASSIGN(const std::vector<Holder> holders, Find(socket));
  if (holders.empty()) return Fail(Code::kNotFound, "nobody holds that connection");
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
