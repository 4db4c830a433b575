// Tested by tests/engine/test_engines.py.

#include "engine/entry.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/time.h"
#include "os/namespaces.h"
#include "os/socket.h"
#include "sandbox/enter.h"
#include "sandbox/fix.h"

namespace aileron::engine {

namespace {

constexpr Duration kEntryWait = std::chrono::minutes(1);  // until the container has called
constexpr Duration kAnswerWait = std::chrono::seconds(30);
// So many that their mounts go in one message, with the standard streams.
constexpr std::size_t kTreesMax = os::kDescriptorsMax - 3;
constexpr Duration kLook = std::chrono::seconds(1);  // between looks whether it still runs

// True when there is something to read or accept; false also when `ended` can be read.
Result<bool> Wait(const os::Fd& socket, Duration longest, int ended = -1) {
  const Duration end = Uptime() + longest;
  while (true) {
    const Duration left = std::max(end - Uptime(), Duration::zero());
    pollfd watched[2] = {{socket.get(), POLLIN, 0}, {ended, POLLIN, 0}};
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const int ready = poll(watched, 2, static_cast<int>(wait));
    if (ready > 0) return watched[0].revents != 0;
    if (ready == 0) return false;
    if (errno != EINTR) return os::FailErrno("cannot wait for the container");
  }
}

// Behind the trees: what takes the changes to the workspace.
std::size_t NumberOfChanges(const sandbox::HostTrees& host) { return host.trees.size(); }

}  // namespace

std::string InEntry(std::string_view name) {
  return fmt::format("{}/{}", sandbox::kEntryFolder, name);
}

std::string TreePlace(std::size_t number) {
  return InEntry(fmt::format("{}/{}", sandbox::kEntryTrees, number));
}

Status CheckNumber(const sandbox::HostTrees& host) {
  if (host.trees.size() <= kTreesMax) return {};
  return Fail(Code::kInvalid, "a container can show {} folders of the host, not {}", kTreesMax,
              host.trees.size());
}

Result<std::vector<Bind>> ShowTrees(const sandbox::HostTrees& host, EntryFolder& folder) {
  std::vector<Bind> binds = {
      {folder.entry(), std::string(sandbox::kEntryFolder)},
      {host.runtime_binary, InEntry(sandbox::kEntryProgram)},
  };
  for (std::size_t i = 0; i < host.trees.size(); ++i) {
    const sandbox::HostTrees::Tree& tree = host.trees[i];
    if (!tree.changes.empty()) {  // in our own state, where nobody else changes what a name is
      AILERON_TRY(folder.MakePlace(NumberOfChanges(host), EntryFolder::Place::kFolder));
      binds.push_back(
          {tree.changes, TreePlace(NumberOfChanges(host)), sandbox::Access::kReadWrite});
    }
    if (tree.detached || tree.source.empty()) continue;
    AILERON_TRY(
        folder.MakePlace(i, tree.folder ? EntryFolder::Place::kFolder : EntryFolder::Place::kFile));
    binds.push_back({tree.source, TreePlace(i), tree.access});
  }
  return binds;
}

std::size_t FreePlace(const sandbox::HostTrees& host) { return NumberOfChanges(host) + 1; }

sandbox::Enter Orders(const sandbox::Spec& spec, const sandbox::Identity& identity,
                      const sandbox::HostTrees& host) {
  sandbox::Enter enter{.spec = spec, .identity = identity, .trees = {}};
  for (std::size_t i = 0; i < host.trees.size(); ++i) {
    const sandbox::HostTrees::Tree& tree = host.trees[i];
    const bool shown = !tree.detached && !tree.source.empty();
    enter.trees.push_back({.source = shown ? TreePlace(i) : "",
                           .target = tree.target,
                           .access = tree.access,
                           .links = tree.links,
                           .bytes = tree.bytes,
                           .folder = tree.folder,
                           .detached = static_cast<bool>(tree.detached),
                           .changes = tree.changes.empty() ? "" : TreePlace(NumberOfChanges(host)),
                           .device = tree.device,
                           .inode = tree.inode});
  }
  return enter;
}

Status CheckWanted() {
  sigset_t waiting;
  sigemptyset(&waiting);
  sigpending(&waiting);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    if (sigismember(&waiting, number) == 1)
      return Fail(Code::kUnavailable, "the launch was stopped before its container was there");
  }
  return {};
}

namespace {

Result<os::Fd> Accept(const os::Fd& listener, const Maker& maker) {
  const Duration end = Uptime() + kEntryWait;
  while (Uptime() < end) {
    AILERON_ASSIGN(const bool called, Wait(listener, kLook, maker.ended));
    if (called) {
      os::Fd channel(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!channel) return os::FailErrno("cannot hear the container");
      AILERON_ASSIGN(const os::PeerCredentials peer, os::PeerOf(channel.get()));
      if (peer.uid == geteuid()) return channel;
      return Fail(Code::kDenied, "what {} has started is the user {} here, not you", maker.name,
                  peer.uid);
    }
    AILERON_TRY(CheckWanted());
    AILERON_TRY(maker.check());
  }
  return Fail(Code::kUnavailable, "the container of {} is silent", maker.name);
}

Result<os::Child> Enter(const os::Fd& channel, const sandbox::Enter& orders,
                        const sandbox::HostTrees& host) {
  std::vector<int> descriptors = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  for (const sandbox::HostTrees::Tree& tree : host.trees) {
    if (tree.detached) descriptors.push_back(tree.detached.get());
  }
  AILERON_TRY(sandbox::Send(channel.get(), orders, descriptors));
  AILERON_ASSIGN(const bool answered, Wait(channel, kAnswerWait));
  if (!answered) return Fail(Code::kUnavailable, "the container's first process is silent");
  AILERON_ASSIGN(sandbox::Received received, sandbox::Receive(channel.get()));
  if (auto* failed = std::get_if<sandbox::Failed>(&received.message)) {
    return std::unexpected(std::move(failed->error));
  }
  if (!std::holds_alternative<sandbox::Entered>(received.message) ||
      received.descriptors.size() != 1) {
    return Fail(Code::kInternal, "the container's first process spoke out of turn");
  }
  os::Child init{.pid = -1, .pidfd = std::move(received.descriptors[0])};
  auto pid = os::PidOf(init.pidfd);
  if (!pid && pid.error().code == Code::kNotFound) {
    return Fail(
        Code::kUnsupported,
        "the processes of the engine cannot be seen from here: both have to run in the same "
        "pid namespace");
  }
  AILERON_ASSIGN(init.pid, std::move(pid));
  return init;
}

}  // namespace

Result<Inside> LetIn(EntryFolder& folder, const Maker& maker, const sandbox::Enter& orders,
                     const sandbox::HostTrees& host) {
  AILERON_ASSIGN(os::Fd channel, Accept(folder.listener(), maker));
  folder.Close();
  AILERON_ASSIGN(os::Child init, Enter(channel, orders, host));
  const sandbox::Identity& identity = orders.identity;
  if (identity.mapped) {
    auto mapped = os::MapIds(init.pid, identity.uids, identity.gids);
    if (!mapped) return std::unexpected(sandbox::WithFix(mapped.error()));
  }
  return Inside{std::move(channel), std::move(init)};
}

}  // namespace aileron::engine
