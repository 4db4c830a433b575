// Tested by tests/engine/test_engines.py.

#include "sandbox/enter.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/namespaces.h"
#include "os/process.h"
#include "os/socket.h"
#include "sandbox/channel.h"
#include "sandbox/first_process.h"
#include "sandbox/fix.h"

namespace aileron::sandbox {

namespace {

constexpr int kCannotStart = 125;
constexpr int kStopped = 128 + SIGTERM;
constexpr std::size_t kStandard = 3;

// An engine takes a path by its name: what came is what the launcher looked at, or nothing runs.
Status CheckSource(const Enter::Tree& tree) {
  struct stat info;
  if (lstat(tree.source.c_str(), &info) != 0)
    return os::FailErrno("the engine did not show {}", tree.target);
  if (info.st_dev == tree.device && info.st_ino == tree.inode) return {};
  return Fail(Code::kUnavailable,
              "what is to be {} changed while the sandbox was built, or the engine runs on another "
              "machine; launch again",
              tree.target);
}

Result<HostTrees> TreesOf(Enter& enter, std::vector<os::Fd>& descriptors) {
  HostTrees host;
  std::size_t next = kStandard;
  for (Enter::Tree& tree : enter.trees) {
    os::Fd detached;
    if (tree.detached) {
      if (next >= descriptors.size()) return Fail(Code::kInternal, "a tree came without a mount");
      detached = std::move(descriptors[next++]);
    } else if (!tree.source.empty()) {
      AILERON_TRY(CheckSource(tree));
    }
    host.trees.push_back({std::move(tree.source), std::move(tree.target), tree.access, tree.links,
                          tree.bytes, tree.folder, std::move(detached)});
  }
  host.runtime_binary = fmt::format("{}/{}", kEntryFolder, kEntryProgram);
  return host;
}

// Its exit code, once the sandbox was there.
Result<int> RunSandbox(const os::Fd& channel) {
  AILERON_ASSIGN(Received received, Receive(channel.get()));
  auto* enter = std::get_if<Enter>(&received.message);
  if (enter == nullptr || received.descriptors.size() < kStandard) {
    return Fail(Code::kInternal, "the launcher spoke out of turn");
  }
  for (std::size_t i = 0; i < kStandard; ++i) {
    if (dup2(received.descriptors[i].get(), static_cast<int>(i)) < 0)
      return os::FailErrno("cannot place what the launcher gave");
  }
  AILERON_ASSIGN(HostTrees trees, TreesOf(*enter, received.descriptors));
  received.descriptors.clear();
  auto cloned = os::CloneInto(kNamespaces);
  if (!cloned) return std::unexpected(WithFix(cloned.error()));
  if (cloned->pid == 0) RunFirstProcess(enter->spec, enter->identity, std::move(trees), channel);
  // What is the agent's alone must not stay open here.
  for (int i = 0; i < static_cast<int>(kStandard); ++i) close(i);
  if (!enter->identity.mapped) {
    auto mapped = os::MapIds(cloned->pid, enter->identity.uids, enter->identity.gids);
    if (!mapped) return std::unexpected(WithFix(mapped.error()));
  }
  AILERON_TRY(os::DropCapabilities());
  const int pidfd = cloned->pidfd.get();
  AILERON_TRY(Send(channel.get(), Entered{}, {&pidfd, 1}));
  AILERON_ASSIGN(const int status, os::WaitFor(*cloned));
  return os::ExitCode(status);
}

}  // namespace

int RunEnter() {
  // Whoever stops the container ends all that is in it; of itself a first process hears nothing.
  signal(SIGTERM, [](int) { _exit(kStopped); });
  const auto channel =
      os::ConnectUnix(fmt::format("{}/{}", kEntryFolder, kEntrySocket), SOCK_SEQPACKET);
  if (!channel) return kCannotStart;
  const auto ended = RunSandbox(*channel);
  if (!ended) {
    (void)Send(channel->get(), Failed{kCannotStart, ended.error()});
    return kCannotStart;
  }
  (void)Send(channel->get(), Ended{*ended});
  return *ended;
}

}  // namespace aileron::sandbox
