#include "launch/container_options.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/below.h"
#include "base/text.h"
#include "image/plan.h"
#include "image/run_args.h"
#include "launch/guard.h"
#include "launch/launch.h"
#include "launch/plan.h"

namespace aileron::launch {

namespace {

using image::Honour;
using image::Stage;
using sandbox::Access;
using sandbox::Step;

constexpr std::size_t kVolumeNameMax = 128;
constexpr std::size_t kHostNameMax = 63;

bool IsTaken(const image::Verdict& verdict) {
  return verdict.honour == Honour::kHonoured || verdict.honour == Honour::kPartly;
}

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// As docker names volumes, and nothing else: it becomes the name of a folder.
bool IsVolumeName(std::string_view name) {
  return !name.empty() && name.size() <= kVolumeNameMax && IsAlnum(name[0]) &&
         std::ranges::all_of(name,
                             [](char c) { return IsAlnum(c) || c == '_' || c == '.' || c == '-'; });
}

// RFC 1123, section 2.1
bool IsHostName(std::string_view name) {
  return !name.empty() && name.size() <= kHostNameMax && IsAlnum(name[0]) &&
         std::ranges::all_of(name, [](char c) { return IsAlnum(c) || c == '.' || c == '-'; });
}

std::optional<int> SignalNamed(std::string_view name) {
  constexpr auto known = std::to_array<std::pair<std::string_view, int>>({{"HUP", SIGHUP},
                                                                          {"INT", SIGINT},
                                                                          {"QUIT", SIGQUIT},
                                                                          {"KILL", SIGKILL},
                                                                          {"USR1", SIGUSR1},
                                                                          {"USR2", SIGUSR2},
                                                                          {"TERM", SIGTERM},
                                                                          {"WINCH", SIGWINCH}});
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto found = std::ranges::find(known, name, &std::pair<std::string_view, int>::first);
  if (found != known.end()) return found->second;
  const auto number = ParseInteger<int>(name);
  if (!number || *number < 1 || *number >= NSIG) return std::nullopt;
  return number;
}

Step StepOf(const image::StageCommand& command, const std::string& what) {
  Step step{.what = command.name.empty() ? what : fmt::format("{} {}", what, command.name),
            .command = command.words};
  step.what = Printable(step.what);
  if (step.command.empty() && !command.line.empty()) {
    step.command = {"/bin/sh", "-c", command.line};
  }
  return step;
}

// Those of the image come first; the last may be the file's.
void AddSteps(const image::SandboxPlan& plan, Stage stage, std::vector<std::vector<Step>>& into) {
  const auto which = static_cast<std::size_t>(stage);
  const std::string key(image::KeyOf(stage));
  const image::DevContainer::Field* field = plan.container.Find(key);
  const bool in_file = plan.container.metadata.commands[which].has_value();
  const auto& all = plan.merged.commands[which];
  for (const image::StageCommands& one : all) {
    const bool of_file = in_file && &one == &all.back();
    const std::string what =
        of_file && field != nullptr
            ? fmt::format("{}:{}: {}", plan.container.file, field->place.line, key)
            : fmt::format("the image's label: {}", key);
    std::vector<Step> group;
    for (const image::StageCommand& command : one.commands) {
      Step step = StepOf(command, what);
      if (!step.command.empty()) group.push_back(std::move(step));
    }
    if (!group.empty()) into.push_back(std::move(group));
  }
}

class Applier {
 public:
  Applier(const image::SandboxPlan& plan, const std::string& workspace, Options& options)
      : plan_(plan), workspace_(workspace), options_(options), into_(options.container) {}

  Result<std::vector<std::string>> Apply() {
    into_.id = plan_.devcontainer_id;
    into_.file = plan_.container.file;
    into_.tier = plan_.tier.tier == image::Tier::kHost ? "host" : "devcontainer";
    for (const auto& [name, value] : plan_.merged.container_env) {
      into_.environment.push_back(fmt::format("{}={}", name, value));
    }
    AILERON_TRY(PlaceWorkspace());
    AILERON_TRY(AddRunArgs());
    for (const image::Mount& mount : plan_.merged.mounts) AILERON_TRY(AddMount(mount));
    AddPorts();
    AddCommands();
    if (plan_.container.aileron) AddSettings(*plan_.container.aileron);
    return std::move(notes_);
  }

 private:
  // What is mounted is the workspace as a whole; the folder to work in may lie in it.
  Status PlaceWorkspace() {
    if (plan_.tier.tier == image::Tier::kHost) return {};
    const std::string folder = image::PlainPath(plan_.workspace_folder);
    AILERON_TRY(CheckPlace(folder, "workspaceFolder"));
    into_.workspace_inside = folder;
    if (!plan_.container.workspace_mount) return SetWorkdir(folder);
    const auto mount = image::ParseMount(*plan_.container.workspace_mount);
    const bool whole = mount && mount->type == "bind" &&
                       image::PlainPath(mount->source) == workspace_ &&
                       IsOrBelow(folder, image::PlainPath(mount->target));
    if (whole) {
      into_.workspace_inside = image::PlainPath(mount->target);
      AILERON_TRY(CheckPlace(into_.workspace_inside, "workspaceMount"));
    }
    return SetWorkdir(folder);
  }
  Status CheckPlace(const std::string& folder, std::string_view key) const {
    const image::Verdict verdict = image::JudgePlace(folder);
    if (verdict.honour == Honour::kHonoured) return {};
    return Fail(Code::kInvalid, "{}: {} {}: {}", Where(key), key, Printable(folder), verdict.why);
  }
  Status SetWorkdir(const std::string& folder) {
    if (options_.workdir.empty() && folder != into_.workspace_inside) options_.workdir = folder;
    return {};
  }
  std::string Where(std::string_view key) const {
    const image::DevContainer::Field* field = plan_.container.Find(key);
    return fmt::format("{}:{}", Printable(plan_.container.file),
                       field == nullptr ? 1 : field->place.line);
  }
  void Note(std::string_view key, std::string_view what) {
    notes_.push_back(fmt::format("{}: {}", Where(key), what));
  }

  Status AddMount(const image::Mount& mount) {
    if (!IsTaken(image::JudgeMount(mount, workspace_, into_.permissions))) return {};
    const std::string target = image::PlainPath(mount.target);
    if (target == (into_.workspace_inside.empty() ? workspace_ : into_.workspace_inside)) {
      Note("mounts", fmt::format("what is to stand at {} is left out: the workspace stands there",
                                 Printable(target)));
      return {};
    }
    const Access access = mount.read_only ? Access::kReadOnly : Access::kReadWrite;
    if (mount.type == "bind") return AddBind(mount, target, access);
    if (mount.type == "tmpfs" || mount.source.empty()) {
      into_.memory.push_back({.source = {}, .target = target, .access = access});
    } else if (IsVolumeName(mount.source)) {
      into_.folders.push_back({KeptFolder::Kind::kNamed, mount.source, target, access});
    } else {
      Note("mounts", fmt::format("the volume {} is left out: a name has letters, digits, _ . -",
                                 Printable(mount.source)));
    }
    return {};
  }

  // Where its path leads counts. What programs of the host run, and git's folder, can be written
  // at no second place.
  Status AddBind(const image::Mount& mount, const std::string& target, Access access) {
    char real[PATH_MAX];
    if (realpath(mount.source.c_str(), real) == nullptr) {
      Note("mounts", fmt::format("{} is left out: it is not there", Printable(mount.source)));
      return {};
    }
    if (const auto* folder = image::FindHostFolder(into_.permissions, mount.source);
        folder != nullptr && !IsOrBelow(real, workspace_)) {
      // Somebody who can write above it could put a link to anything of the host in its place.
      if (real != image::PlainPath(mount.source)) {
        Note("mounts",
             fmt::format("{} is left out: a link leads from there to {}; where that is what you "
                         "mean, write this path",
                         Printable(mount.source), Printable(real)));
        return {};
      }
      if (!folder->writable) access = Access::kReadOnly;
      options_.mounts.push_back({real, target, access, sandbox::Links::kRefused});
      return {};
    }
    if (!IsOrBelow(real, workspace_)) {
      Note("mounts", fmt::format("{} is left out: it leads out of the workspace, to {}",
                                 Printable(mount.source), Printable(real)));
      return {};
    }
    const std::string below = std::string(real).substr(workspace_.size());
    const bool closed = options_.workspace_access == Access::kReadOnly || below.empty() ||
                        Guard::IsProtected(below.substr(1));
    if (closed) access = Access::kReadOnly;
    options_.mounts.push_back({real, target, access, sandbox::Links::kRefused});
    return {};
  }

  Status AddRunArgs() {
    for (const image::RunArg& arg :
         image::ReviewRunArgs(plan_.container.run_args, workspace_, into_.permissions)) {
      if (!IsTaken(arg.verdict)) continue;
      if (arg.mount) {
        AILERON_TRY(AddMount(*arg.mount));
        if (arg.flag == "--tmpfs") SetMemorySize(arg.value);
      } else if (const Status added = AddFlag(arg.flag, arg.value); !added) {
        return Fail(Code::kInvalid, "{}: runArgs: {} {}: {}", Where("runArgs"), arg.flag,
                    Printable(arg.value), added.error().message);
      }
    }
    return {};
  }

  Status AddFlag(std::string_view flag, const std::string& value) {
    if (flag == "--env") into_.environment.push_back(value);
    if (flag == "--workdir" && options_.workdir.empty()) options_.workdir = value;
    if (flag == "--shm-size") {
      AILERON_ASSIGN(into_.shm_bytes, sandbox::ParseBytes(value));
    }
    if (flag == "--hostname") {
      if (!IsHostName(value)) return Fail(Code::kInvalid, "not the name of a machine");
      into_.hostname = value;
    }
    if (flag == "--stop-signal") {
      const auto number = SignalNamed(value);
      if (!number) return Fail(Code::kInvalid, "not a signal");
      into_.stop_signal = *number;
    }
    return AddBound(flag, value);
  }

  Status AddBound(std::string_view flag, const std::string& value) {
    sandbox::Resources& resources = options_.resources;
    if (flag == "--memory" && !resources.memory_bytes) {
      AILERON_ASSIGN(resources.memory_bytes, sandbox::ParseBytes(value));
    }
    if (flag == "--cpus" && !resources.cpus) {
      char* end = nullptr;
      const double cpus = strtod(value.c_str(), &end);
      const bool number = end != value.c_str() && *end == '\0' && std::isfinite(cpus);
      if (!number || cpus <= 0) return Fail(Code::kInvalid, "not a number of processors");
      resources.cpus = cpus;
    }
    if (flag == "--ulimit") {
      AILERON_ASSIGN(resources.ulimits.emplace_back(), sandbox::ParseUlimit(value));
    }
    if (flag == "--pids-limit" && !resources.pids && value != "-1") {
      resources.pids = ParseInteger<std::uint64_t>(value);
      if (!resources.pids || *resources.pids == 0) {
        return Fail(Code::kInvalid, "not a number of processes");
      }
    }
    return {};
  }

  // "TARGET:size=64m,…" of the memory that was added last.
  void SetMemorySize(std::string_view value) {
    const std::size_t colon = value.find(':');
    if (colon == value.npos || into_.memory.empty()) return;
    for (const std::string_view option : Split(value.substr(colon + 1), ',')) {
      if (!option.starts_with("size=")) continue;
      if (const auto bytes = sandbox::ParseBytes(option.substr(5))) {
        into_.memory.back().bytes = *bytes;
      }
    }
  }

  void AddPorts() {
    for (const image::ForwardedPort& port : plan_.merged.forward_ports) {
      if (port.host != "localhost" && port.host != "127.0.0.1") continue;
      options_.publishing.preferred.push_back(port.port);
    }
  }

  void AddCommands() {
    const auto& merged = plan_.merged.commands;
    for (const Stage stage : {Stage::kOnCreate, Stage::kUpdateContent, Stage::kPostCreate}) {
      into_.creates |= !merged[static_cast<std::size_t>(stage)].empty();
    }
    if (into_.trusted) into_.initialize = HostSteps(plan_);
  }

  void AddSettings(const image::AileronSettings& settings) {
    for (const auto& [name, target] : settings.caches) {
      const image::Mount mount{.type = "volume", .source = name, .target = target};
      if (!IsTaken(image::JudgeMount(mount, workspace_, {}))) continue;
      into_.folders.push_back(
          {KeptFolder::Kind::kCache, name, image::PlainPath(target), Access::kReadWrite});
    }
    if (image::IsProfileName(settings.policy)) into_.profile = settings.policy;
    if (!into_.trusted) return;
    for (const image::AileronService& service : settings.services) {
      service::Spec spec{
          .name = service.name,
          .command = service.command,
          .folder = service.folder.empty() ? workspace_
                                           : fmt::format("{}/{}", workspace_, service.folder),
          .ports = service.publish,
          .health = {.port = service.health_port, .command = service.health_command}};
      if (const auto restart = service::ParseRestart(service.restart)) spec.restart = *restart;
      into_.services.push_back(std::move(spec));
    }
  }

  const image::SandboxPlan& plan_;
  const std::string& workspace_;
  Options& options_;
  ContainerOptions& into_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<std::vector<std::string>> ApplyContainer(const image::SandboxPlan& plan,
                                                const std::string& workspace, Options& options) {
  return Applier(plan, workspace, options).Apply();
}

std::vector<std::vector<Step>> HostSteps(const image::SandboxPlan& plan) {
  std::vector<std::vector<Step>> steps;
  AddSteps(plan, Stage::kInitialize, steps);
  return steps;
}

ContainerInside InsideOf(const image::SandboxPlan& plan) {
  ContainerInside inside{.variables = plan.merged.remote_env, .lifecycle = {}};
  for (const Stage stage : {Stage::kOnCreate, Stage::kUpdateContent, Stage::kPostCreate}) {
    AddSteps(plan, stage, inside.lifecycle.creating);
  }
  for (const Stage stage : {Stage::kPostStart, Stage::kPostAttach}) {
    AddSteps(plan, stage, inside.lifecycle.starting);
  }
  if (plan.container.aileron) {
    std::vector<Step> agents;
    for (const std::string& name : plan.container.aileron->agents) {
      agents.push_back(
          {.what = fmt::format("{}:{}: agents: looking for {}", Printable(plan.container.file),
                               plan.container.aileron->place.line, Printable(name)),
           .command = {"/bin/sh", "-c", "command -v \"$0\" > /dev/null", name}});
    }
    if (!agents.empty()) inside.lifecycle.starting.push_back(std::move(agents));
  }
  return inside;
}

std::vector<std::string> UnmetRequirements(const image::HostRequirements& needed,
                                           const Machine& machine) {
  constexpr std::uint64_t mebi = 1 << 20;
  std::vector<std::string> lines;
  const auto compare = [&](std::uint64_t wanted, std::uint64_t has, std::uint64_t unit,
                           std::string_view what) {
    if (wanted <= has) return;
    lines.push_back(fmt::format("the devcontainer needs {} {}, and this machine has {}",
                                wanted / unit, what, has / unit));
  };
  compare(needed.cpus, machine.cpus, 1, "processors");
  compare(needed.memory, machine.memory, mebi, "MiB of memory");
  compare(needed.storage, machine.storage, mebi, "MiB of free storage");
  return lines;
}

}  // namespace aileron::launch
