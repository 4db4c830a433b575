// Tested by tests/engine/test_engines.py.

#include "engine/oci_start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "engine/container.h"
#include "engine/entry.h"
#include "engine/oci_bundle.h"
#include "os/mounts.h"
#include "sandbox/channel.h"
#include "sandbox/enter.h"
#include "sandbox/root_fs.h"

namespace aileron::engine {

namespace {

constexpr Duration kCleanUp = std::chrono::seconds(15);  // once the container has ended

// The name of the runtime that has made a container stands in its folder, for who finds it left
// behind. Not its path: an agent may have been let into its folder since.
constexpr std::string_view kRuntimeFile = "/runtime";
constexpr std::size_t kNameMax = 255;

Status Write(const std::string& path, std::string_view bytes) {
  const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return os::FailErrno("cannot create {}", path);
  return os::WriteAll(file.get(), bytes);
}

void RemoveLeft(const OciRuntime& runtime, const EntryFolder::Left& left) {
  const auto name = os::ReadFile(left.folder + std::string(kRuntimeFile), kNameMax);
  if (!name || name->contains('/')) return;
  runtime.Named(*name).Remove({left.folder}, left.container);
}

bool IsNoexec(const std::string& path) {
  struct statvfs info;
  return statvfs(path.c_str(), &info) == 0 && (info.f_flag & ST_NOEXEC) != 0;
}

// The layers, behind what is shown of the host: in our own store, where nobody else changes what a
// name is.
Result<OciBundle> MakeBundle(const sandbox::HostTrees& host, EntryFolder& folder,
                             sandbox::Spec& spec) {
  AILERON_ASSIGN(std::vector<Bind> binds, ShowTrees(host, folder));
  std::size_t number = FreePlace(host);
  for (std::string& layer : spec.layers) {
    AILERON_TRY(folder.MakePlace(number, EntryFolder::Place::kFolder));
    binds.push_back({std::move(layer), TreePlace(number)});
    layer = TreePlace(number++);
  }
  OciBundle bundle{.command = {InEntry(sandbox::kEntryProgram), "enter"},
                   .binds = {},
                   .maps_root = OciRuntime::IsRootless()};
  for (Bind& bind : binds) {
    const bool noexec = IsNoexec(bind.source);
    bundle.binds.push_back({.bind = std::move(bind), .noexec = noexec});
  }
  return bundle;
}

Status WriteBundle(const OciRuntime& runtime, const OciRuntime::Place& place,
                   const OciBundle& bundle) {
  const std::string root = fmt::format("{}/{}", place.bundle(), kOciRoot);
  for (const std::string& folder : OciPlaces()) AILERON_TRY(os::MakeFolders(root + folder, 0755));
  AILERON_TRY(os::MakeFolders(place.state(), 0700));
  AILERON_TRY(Write(place.folder + std::string(kRuntimeFile), runtime.name()));
  AILERON_ASSIGN(const std::string config, OciConfig(bundle));
  return Write(fmt::format("{}/{}", place.bundle(), kOciConfig), config);
}

}  // namespace

Status OciContainer::Run() {
  AILERON_ASSIGN(running_, runtime_->Run(place(), folder_.name()));
  return {};
}

Status OciContainer::Check() const {
  if (!os::EndsWithin(running_, {})) return {};
  const std::string said = OciRuntime::Complaint(place());
  if (!said.empty()) {
    return Fail(Code::kUnsupported,
                "{} could not make the container: {}. \"aileron doctor\" tells what is there; "
                "--sandbox=native needs no runtime",
                runtime_->program(), said);
  }
  return Fail(Code::kUnsupported,
              "{} has run the container, and that ended before it reached this program. Has it a "
              "kernel of its own, as gVisor has? There descriptors cannot be passed on",
              runtime_->program());
}

OciContainer::~OciContainer() {
  if (!runtime_ || !running_.pidfd) return;
  if (!os::EndsWithin(running_, kCleanUp)) {
    runtime_->Remove(place(), folder_.name());
    (void)os::SignalChild(running_, SIGKILL);
  }
  (void)os::WaitFor(running_);
}

Result<OciStarted> StartInRuntime(const OciRuntime& runtime, const sandbox::Spec& spec,
                                  const sandbox::Identity& identity, const std::string& folder) {
  AILERON_ASSIGN(const sandbox::HostTrees host, sandbox::OpenHostTrees(spec, identity));
  AILERON_TRY(CheckNumber(host));
  AILERON_ASSIGN(EntryFolder entry,
                 EntryFolder::Make(folder, EntryFolder::kOfRuntimes,
                                   [&](const auto& left) { RemoveLeft(runtime, left); }));
  AILERON_ASSIGN(sandbox::ResourceLimits limits, sandbox::ResourceLimits::Prepare(spec.resources));
  sandbox::Enter orders = Orders(spec, identity, host);
  AILERON_ASSIGN(const OciBundle bundle, MakeBundle(host, entry, orders.spec));
  if (bundle.maps_root) {  // who is root in the container is the caller
    orders.identity.uids = {{identity.uid, 0}};
    orders.identity.gids = {{identity.gid, 0}};
  }
  OciContainer container(runtime, std::move(entry));
  AILERON_TRY(WriteBundle(runtime, container.place(), bundle));
  AILERON_TRY(container.Run());
  const auto check = [&container] { return container.Check(); };
  auto inside = LetIn(container.folder(), {std::string(runtime.name()), check, container.ended()},
                      orders, host);
  Status ready;
  if (inside) ready = limits.Apply(inside->init.pid);
  if (inside && ready) ready = sandbox::Send(inside->channel.get(), sandbox::Go{});
  if (!inside || !ready) {
    runtime.Remove(container.place(), container.folder().name());
    return std::unexpected(inside ? std::move(ready.error()) : std::move(inside.error()));
  }
  return OciStarted{.sandbox = {.init = std::move(inside->init),
                                .channel = std::move(inside->channel),
                                .covers = {},
                                .limits = std::move(limits),
                                .in_container = true},
                    .container = std::move(container)};
}

}  // namespace aileron::engine
