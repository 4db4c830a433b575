#include "launch/plan.h"

#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/below.h"
#include "base/host_pattern.h"
#include "base/text.h"
#include "image/plan.h"
#include "os/fd.h"
#include "os/mounts.h"
#include "service/ports.h"

namespace aileron::launch {

namespace {

// Folders of the system that nobody means as a project, and that must not become writable.
constexpr std::array<std::string_view, 21> kSystemFolders = {
    "/bin",   "/boot",  "/dev", "/etc", "/home", "/lib",  "/lib32",
    "/lib64", "/media", "/mnt", "/opt", "/proc", "/root", "/run",
    "/sbin",  "/srv",   "/sys", "/tmp", "/usr",  "/var",  "/var/tmp"};
// Of these not even a folder below.
constexpr std::array<std::string_view, 9> kSystemTrees = {"/bin",  "/boot", "/dev",  "/etc", "/lib",
                                                          "/proc", "/run",  "/sbin", "/sys"};
// Where people keep credentials, below their home.
constexpr std::array<std::string_view, 14> kCredentialFolders = {".ssh",
                                                                 ".aws",
                                                                 ".gnupg",
                                                                 ".config/gh",
                                                                 ".config/gcloud",
                                                                 ".azure",
                                                                 ".kube",
                                                                 ".docker",
                                                                 ".netrc",
                                                                 ".password-store",
                                                                 ".local/share/keyrings",
                                                                 ".mozilla",
                                                                 ".config/op",
                                                                 ".git-credentials"};

Result<std::string> Resolve(const std::string& path, std::string_view what) {
  char real[PATH_MAX];
  if (realpath(path.c_str(), real) == nullptr)
    return os::FailErrno("cannot find the {} {}", what, path);
  return std::string(real);
}

Status CheckWorkspace(const std::string& workspace, const os::Paths& paths) {
  const bool system = std::ranges::find(kSystemFolders, workspace) != kSystemFolders.end() ||
                      std::ranges::any_of(kSystemTrees, [&](std::string_view tree) {
                        return IsOrBelow(workspace, tree);
                      });
  if (workspace == "/" || system) {
    return Fail(Code::kDenied,
                "{} is a folder of the system, not a project. Go to the project's folder, "
                "or name it with --workspace",
                workspace);
  }
  if (!os::IsFolder(workspace))
    return Fail(Code::kInvalid, "the workspace {} is not a folder", workspace);
  return CheckShareable(workspace, paths);
}

// The home's own path and where it really is, since either may be a symlink.
std::vector<std::string> WithResolved(std::vector<std::string> folders) {
  char real[PATH_MAX];
  const std::size_t count = folders.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (realpath(folders[i].c_str(), real) != nullptr && folders[i] != real)
      folders.emplace_back(real);
  }
  return folders;
}

// The root is the image's, and so are the command that it names and who runs there; nothing of the
// host has to be hidden in it.
Status UseImage(const image::Image& image, const ContainerOptions& container, Plan& plan) {
  if (image.layers.empty() && !plan.spec.in_container) {
    return Fail(Code::kInvalid, "the image {} has no layers, and so nothing to run",
                Printable(image.reference));
  }
  plan.tier = "image";
  plan.image = fmt::format("{}@{}", image.reference, image.digest.Text());
  plan.identity.name = "agent";
  plan.identity.home = "/home/agent";
  plan.spec.layers = image.layers;
  plan.spec.workspace_inside = std::string(image::kImageWorkspace);
  plan.spec.hidden.clear();
  plan.environment = image.config.env;
  const bool named = !plan.command.empty();
  if (!named) plan.command = image.config.cmd;
  // What a devcontainer runs does not go through it (specification, "overrideCommand").
  if (named && !container.id.empty()) return {};
  plan.command.insert(plan.command.begin(), image.config.entrypoint.begin(),
                      image.config.entrypoint.end());
  return {};
}

// What a devcontainer.json adds. Folders that are kept are made when the launch is sure.
void UseContainer(const ContainerOptions& container, const os::Paths& paths, Plan& plan) {
  if (container.id.empty()) return;
  sandbox::Spec& spec = plan.spec;
  plan.tier = container.tier;
  plan.container_environment = container.environment;
  if (!container.workspace_inside.empty()) {
    spec.workspace_inside = container.workspace_inside;
    spec.workspace_links = sandbox::Links::kRefused;
  }
  const auto below = [&](const std::string& folder) {
    return fmt::format("{}/volumes/{}", folder, container.id);
  };
  plan.kept.folder = below(paths.state);
  plan.kept.project = container.file;
  if (container.creates) {
    plan.creation.marker = below(paths.state) + "/created";
    plan.creation.content = container.content;
    spec.volumes.push_back({.source = below(paths.state) + "/home", .target = plan.identity.home});
  }
  for (const KeptFolder& kept : container.folders) {
    const bool cache = kept.kind == KeptFolder::Kind::kCache;
    spec.volumes.push_back(
        {.source = fmt::format("{}/{}", cache ? below(paths.cache) : below(paths.state) + "/named",
                               kept.name),
         .target = kept.target,
         .access = kept.access});
  }
  spec.volumes.insert(spec.volumes.end(), container.memory.begin(), container.memory.end());
  // What lies in another one comes after it.
  std::ranges::sort(spec.volumes, {}, &sandbox::Volume::target);
  if (!container.hostname.empty()) spec.hostname = container.hostname;
  spec.shm_bytes = container.shm_bytes;
  plan.stop_signal = container.stop_signal;
}

}  // namespace

Status CheckShareable(const std::string& resolved, const os::Paths& paths) {
  for (const std::string& folder :
       WithResolved({paths.config, paths.state, paths.cache, paths.runtime})) {
    if (IsOrBelow(resolved, folder) || IsOrBelow(folder, resolved)) {
      return Fail(Code::kDenied,
                  "{} would show {} to the agent, where aileron keeps what must stay outside. "
                  "Share a narrower folder",
                  resolved, folder);
    }
  }
  for (const std::string& home : WithResolved({paths.home})) {
    if (home == "/") continue;
    if (IsOrBelow(home, resolved)) {
      return Fail(Code::kDenied,
                  "{} holds your whole home folder, with its keys and tokens. Go to the "
                  "project's folder, or share a narrower one",
                  resolved);
    }
    for (const std::string_view name : kCredentialFolders) {
      const std::string folder = fmt::format("{}/{}", home, name);
      if (IsOrBelow(resolved, folder) || (IsOrBelow(folder, resolved) && os::Exists(folder))) {
        return Fail(Code::kDenied,
                    "{} would show {} to the agent. Store what it needs with \"aileron secret "
                    "set\" and bind it to a host instead",
                    resolved, folder);
      }
    }
  }
  if (resolved.ends_with("/docker.sock") || resolved.ends_with("/podman.sock") ||
      resolved.ends_with("/containerd.sock")) {
    return Fail(Code::kDenied, "{} gives whoever has it the whole host", resolved);
  }
  return {};
}

Result<std::vector<sandbox::Listener>> ListenersFor(const std::vector<std::string>& allow,
                                                    const std::vector<std::string>& connect_to) {
  using sandbox::ListenerKind;
  std::set<std::uint16_t> ports = {80, 443};
  for (const std::string& rule : allow) {
    // A range of addresses has no port; the daemon checks it.
    if (rule.contains('/')) continue;
    AILERON_ASSIGN(const HostPort target, ParseHostPort(rule));
    if (target.port) ports.insert(*target.port);
  }
  for (const std::string& entry : connect_to) {
    // HOST:PORT:ADDR[:PORT]; the daemon checks the rest.
    const auto parts = Split(entry, ':');
    if (parts.size() < 3) {
      return Fail(Code::kInvalid, "\"{}\" is not HOST:PORT:ADDRESS[:PORT]", entry);
    }
    if (const auto port = ParseInteger<std::uint16_t>(parts[1]); port && *port != 0)
      ports.insert(*port);
  }
  for (const std::uint16_t own : service::kOwnPorts) {
    if (!ports.contains(own)) continue;
    return Fail(Code::kInvalid,
                "port {} is the sandbox's own; reach that host through the proxy variables instead "
                "of a rule with this port",
                own);
  }
  std::vector<sandbox::Listener> listeners = {{ListenerKind::kProxy, service::kProxyPort},
                                              {ListenerKind::kApi, service::kApiPort}};
  for (const std::uint16_t port : ports) listeners.push_back({ListenerKind::kCaptured, port});
  listeners.push_back({ListenerKind::kDns, service::kDnsPort});
  listeners.push_back({ListenerKind::kDnsTcp, service::kDnsPort});
  return listeners;
}

Result<Plan> MakePlan(const Options& options, const os::Paths& paths) {
  const bool known = options.engine || options.runtime;
  if (!known && options.sandbox != "auto" && options.sandbox != kNative) {
    return Fail(Code::kUnsupported, "the sandbox \"{}\" is not known; use --sandbox=native",
                options.sandbox);
  }
  Plan plan;
  if (options.engine) plan.driver = engine::Name(options.engine->kind());
  if (options.runtime) plan.driver = kOci;
  AILERON_ASSIGN(plan.identity, sandbox::IdentityOfCaller(paths.home));
  AILERON_ASSIGN(const std::string here, os::CurrentFolder());
  sandbox::Spec& spec = plan.spec;
  AILERON_ASSIGN(spec.workspace,
                 Resolve(options.workspace.empty() ? here : options.workspace, "workspace"));
  AILERON_TRY(CheckWorkspace(spec.workspace, paths));
  spec.workspace_access = options.workspace_access;
  spec.resources = options.resources;
  spec.nesting = options.nesting;
  for (sandbox::MountRequest mount : options.mounts) {
    AILERON_ASSIGN(mount.source, Resolve(mount.source, "mount source"));
    AILERON_TRY(CheckShareable(mount.source, paths));
    spec.mounts.push_back(std::move(mount));
  }
  spec.hidden = WithResolved({paths.home, paths.config, paths.state, paths.cache, paths.runtime});
  std::erase_if(spec.hidden, [](const std::string& folder) {
    return folder == "/" || std::ranges::find(kSystemFolders, folder) != kSystemFolders.end();
  });
  AILERON_ASSIGN(spec.listeners, ListenersFor(options.allow, options.connect_to));

  spec.in_container = options.engine != nullptr;
  plan.command = options.command;
  if (options.image) AILERON_TRY(UseImage(*options.image, options.container, plan));
  UseContainer(options.container, paths, plan);
  if (plan.command.empty()) {
    const char* shell = options.image ? nullptr : std::getenv("SHELL");
    plan.command = {shell != nullptr && *shell == '/' ? shell : "/bin/sh"};
  }
  plan.workdir = !options.workdir.empty()          ? options.workdir
                 : IsOrBelow(here, spec.workspace) ? spec.Inside(here)
                                                   : spec.inside();
  if (plan.workdir[0] != '/')
    return Fail(Code::kInvalid, "--workdir {} is not an absolute path", plan.workdir);
  return plan;
}

}  // namespace aileron::launch
