// Tested by tests/engine/test_engines.py.

#include "engine/start.h"

#include <unistd.h>

#include <algorithm>

#include "base/below.h"
#include "engine/container.h"
#include "engine/entry.h"
#include "image/permissions.h"
#include "sandbox/channel.h"
#include "sandbox/enter.h"
#include "sandbox/root_fs.h"

namespace aileron::engine {

namespace {

// What the sandbox mounts on, as far as an image may lack it: an engine makes what it mounts on.
// What lies in a folder of the sandbox's own is made there.
void AddMountPoints(const sandbox::Identity& identity, const sandbox::HostTrees& host,
                    const EntryFolder& folder, Container& container) {
  container.folders = {"/tmp", "/var/tmp", "/run", identity.home};
  for (const char* file : {"/etc/hosts", "/etc/resolv.conf"}) {
    container.binds.push_back({folder.empty_file(), file});
  }
  for (const sandbox::HostTrees::Tree& tree : host.trees) {
    const bool inside = std::ranges::any_of(
        container.folders, [&](const std::string& place) { return IsOrBelow(tree.target, place); });
    if (inside) continue;
    if (tree.folder) {
      container.folders.push_back(tree.target);
    } else {
      container.binds.push_back({folder.empty_file(), tree.target});
    }
  }
}

Result<sandbox::Sandbox> Furnish(Engine& engine, const Container& wanted, EntryFolder& folder,
                                 const sandbox::Enter& orders, const sandbox::HostTrees& host) {
  AILERON_TRY(engine.Create(wanted));
  AILERON_TRY(CheckWanted());
  AILERON_TRY(engine.Start(wanted.name));
  const auto runs = [&]() -> Status {
    AILERON_ASSIGN(const bool runs, engine.Runs(wanted.name));
    if (runs) return {};
    return Fail(Code::kUnsupported,
                "{} started the container, and it ended before it reached this program. Does the "
                "engine run in a virtual machine, or on a kernel of its own (gVisor)? There "
                "descriptors cannot be passed on",
                Name(engine.kind()));
  };
  AILERON_ASSIGN(Inside inside,
                 LetIn(folder, {std::string(Name(engine.kind())), runs}, orders, host));
  AILERON_TRY(sandbox::Send(inside.channel.get(), sandbox::Go{}));
  return sandbox::Sandbox{.init = std::move(inside.init),
                          .channel = std::move(inside.channel),
                          .covers = {},
                          .limits = sandbox::ResourceLimits::ByEngine(orders.spec.resources),
                          .in_container = true};
}

}  // namespace

Result<Started> Start(Engine& engine, const std::string& image, const sandbox::Spec& spec,
                      const sandbox::Identity& identity, const std::string& runtime) {
  AILERON_ASSIGN(const sandbox::HostTrees host, sandbox::OpenHostTrees(spec, identity));
  AILERON_TRY(CheckNumber(host));
  AILERON_ASSIGN(EntryFolder folder, EntryFolder::Make(runtime, EntryFolder::kOfEngines,
                                                       [&engine](const EntryFolder::Left& left) {
                                                         engine.Remove(left.container);
                                                       }));
  AILERON_TRY(folder.WriteSeccomp());
  Container wanted{.image = image,
                   .name = folder.name(),
                   .label = fmt::format("{}", getpid()),
                   .uid = geteuid(),
                   .gid = getegid(),
                   .command = {InEntry(sandbox::kEntryProgram), "enter"},
                   .resources = spec.resources,
                   .seccomp_file = folder.seccomp_file()};
  AILERON_ASSIGN(wanted.binds, ShowTrees(host, folder));
  AddMountPoints(identity, host, folder, wanted);
  sandbox::Enter orders = Orders(spec, identity, host);
  if (engine.rootless()) {  // who is root in its containers is the caller
    wanted.uid = wanted.gid = 0;
    wanted.maps_root = true;
    orders.identity.uids = {{identity.uid, 0}};
    orders.identity.gids = {{identity.gid, 0}};
  }
  auto sandbox = Furnish(engine, wanted, folder, orders, host);
  if (!sandbox) {
    engine.Remove(wanted.name);
    return std::unexpected(std::move(sandbox.error()));
  }
  return Started{*std::move(sandbox), std::move(folder)};
}

}  // namespace aileron::engine
