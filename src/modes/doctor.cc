// Tested by tests/launch/test_cli.py.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "base/time.h"
#include "engine/engine.h"
#include "engine/oci_runtime.h"
#include "modes/api.h"
#include "modes/findings.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "modes/written_folders.h"
#include "net/tls.h"
#include "os/environment.h"
#include "sandbox/walls.h"

namespace aileron::modes {

namespace {

using sandbox::Capability;
using sandbox::State;

// Starts the daemon if it does not run: that it can be started is what is asked.
Capability Daemon() {
  const auto client = Connected();
  if (client) return {"daemon", State::kOk, "answers on its socket", ""};
  return {"daemon", State::kMissing, client.error().error.message, ""};
}

// The files that the daemon reads while it runs, and who is told by them.
std::vector<Capability> Surfaces() {
  auto client = Connected();
  if (!client) return {};
  const auto surfaces = GetJson(*client, "/v1/surfaces");
  if (!surfaces) return {{"approvals file", State::kMissing, surfaces.error().message, ""}};
  std::vector<Capability> found;
  if (const std::string wrong = TextOf(*surfaces, "problem"); !wrong.empty()) {
    found.push_back({"approvals file", State::kMissing, wrong,
                     fmt::format("correct {}", TextOf(*surfaces, "file"))});
  }
  if (TextOf(*surfaces, "desktop") == "true") {
    const std::string wrong = TextOf(*surfaces, "desktop_problem");
    found.push_back(wrong.empty() ? Capability{"notifications", State::kOk, "by notify-send", ""}
                                  : Capability{"notifications", State::kMissing, wrong,
                                               "sudo apt-get install libnotify-bin"});
  }
  for (const Json& webhook : ListOf(*surfaces, "webhooks")) {
    const std::string wrong = TextOf(webhook, "problem");
    found.push_back({"webhook", wrong.empty() ? State::kOk : State::kLimited,
                     wrong.empty() ? TextOf(webhook, "url") : wrong, ""});
  }
  return found;
}

Capability Folder(std::string name, const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return {std::move(name), State::kOk, path + " is made when it is needed", ""};
  }
  if (!S_ISDIR(info.st_mode))
    return {std::move(name), State::kMissing, path + " is not a folder", ""};
  if (info.st_uid != geteuid()) {
    return {std::move(name), State::kMissing, path + " belongs to somebody else",
            fmt::format("sudo chown -R {} {}", geteuid(), path)};
  }
  if (access(path.c_str(), W_OK | X_OK) != 0) {
    return {std::move(name), State::kMissing, path + " cannot be written",
            fmt::format("chmod 700 {}", path)};
  }
  if ((info.st_mode & 077) != 0) {
    return {std::move(name), State::kLimited, path + " can be entered by others",
            fmt::format("chmod 700 {}", path)};
  }
  return {std::move(name), State::kOk, path + ", yours alone", ""};
}

Capability Certificates() {
  const net::RootBundle roots = net::RootBundle::OfSystem();
  if (!roots.pem().empty()) {
    std::size_t count = 0;
    constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
    for (auto at = roots.pem().find(kBegin); at != std::string_view::npos;
         at = roots.pem().find(kBegin, at + 1))
      ++count;
    return {"CA bundle", State::kOk, fmt::format("{}, {} authorities", roots.path(), count), ""};
  }
  return {"CA bundle", State::kMissing,
          "no system bundle of certificate authorities was found: no site can be verified",
          "sudo apt-get install ca-certificates"};
}

// A clock that is far off makes every certificate look expired, or not yet valid.
Capability Clock() {
  const Time now = Now();
  constexpr Time kBuilt = Time(std::chrono::sys_days(std::chrono::year(2025) / 1 / 1));
  constexpr Time kAbsurd = Time(std::chrono::sys_days(std::chrono::year(2100) / 1 / 1));
  if (now < kBuilt || now > kAbsurd) {
    return {"clock", State::kMissing, fmt::format("says {}", FormatTime(now)),
            "sudo timedatectl set-ntp true"};
  }
  return {"clock", State::kOk, FormatTime(now), ""};
}

// None is needed where native sandboxes can be made, and so none is missing.
Capability EngineOf(engine::Kind kind, const os::Paths& paths) {
  std::string name = fmt::format("{} engine", engine::Name(kind));
  const auto found = engine::Engine::Connect(kind, engine::PlacesOfEnvironment(paths.home));
  if (!found) return {std::move(name), State::kLimited, found.error().message, ""};
  std::string detail =
      fmt::format("{} on {}, {}", found->version(), found->endpoint().socket,
                  found->rootless() ? "rootless, yours" : "of root, who can reach all that you do");
  return {std::move(name), State::kOk, std::move(detail), ""};
}

// Those that are there, each by its name; none is needed either.
std::vector<Capability> Runtimes() {
  std::vector<Capability> found;
  const std::vector<std::string> projects = WrittenFolders();
  for (const char* name : {"crun", "runc"}) {
    const auto runtime = engine::OciRuntime::Find(name, os::Variable("PATH"), projects);
    if (!runtime) continue;
    const auto version = runtime->Version();
    found.push_back({fmt::format("{} runtime", name), version ? State::kOk : State::kLimited,
                     version
                         ? fmt::format("{} at {}, {}", *version, runtime->program(),
                                       engine::OciRuntime::IsRootless() ? "rootless" : "as root")
                         : version.error().message,
                     ""});
  }
  if (found.empty()) {
    const auto any = engine::OciRuntime::Find("", os::Variable("PATH"), projects);
    found.push_back({"OCI runtime", State::kLimited, any ? "" : any.error().message, ""});
  }
  return found;
}

Outcome RunDoctor(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  std::vector<Capability> found = sandbox::Probe();
  found.push_back(Folder("config folder", paths.config));
  found.push_back(Folder("state folder", paths.state));
  found.push_back(Folder("cache folder", paths.cache));
  found.push_back(Folder("runtime folder", paths.runtime));
  found.push_back(Daemon());
  std::ranges::move(Surfaces(), std::back_inserter(found));
  for (const engine::Kind kind : {engine::Kind::kDocker, engine::Kind::kPodman}) {
    found.push_back(EngineOf(kind, paths));
  }
  std::ranges::move(Runtimes(), std::back_inserter(found));
  found.push_back(Certificates());
  found.push_back(Clock());

  return PrintFindings(found, "CAPABILITY",
                       invocation.parsed.Has("--json") ? As::kJson : As::kTable);
}

}  // namespace

Command DoctorVerb() {
  return {
      .text =
          "Tries everything that a sandbox needs and says what works, what works with limits, and "
          "what is "
          "missing, with the one command that mends it. Exits with 1 when something is missing.",
      .flags = {kJsonFlag},
      .run = RunDoctor};
}

}  // namespace aileron::modes
