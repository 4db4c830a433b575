// Tested by tests/image/test_devcontainer_launch.py.

#include "modes/launch_container.h"

#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "base/text.h"
#include "image/plan.h"
#include "launch/host_commands.h"
#include "modes/api.h"
#include "modes/building.h"
#include "modes/container_source.h"
#include "modes/engine_build.h"
#include "modes/engine_image.h"
#include "modes/terminal.h"
#include "modes/trust_question.h"
#include "modes/written_folders.h"
#include "trust/store.h"

namespace aileron::modes {

namespace {

using image::PlanInput;
using image::SandboxPlan;

std::expected<SandboxPlan, Failure> PlanOf(const PlanInput& input) {
  auto plan = image::MakePlan(input);
  if (!plan) return std::unexpected(BadFile(std::move(plan.error())));
  if (const image::FieldReport* refused = image::Refused(plan->reports)) {
    Error error = RefusalOf(*plan, *refused);
    error.message += ". --no-devcontainer leaves the file out";
    return std::unexpected(Failure(kExitConfiguration, std::move(error)));
  }
  return *std::move(plan);
}

// Whether the file is trusted from now on.
enum class MayAsk : std::uint8_t { kNo, kYes };
std::expected<bool, Failure> AskForTrust(const os::Paths& paths, const SandboxPlan& plan,
                                         const image::ConfigFile& file, MayAsk may_ask) {
  const std::vector<std::string> waits = WaitsForTrust(plan);
  if (waits.empty()) return false;
  const std::string path = Printable(file.path);
  if (!CanAsk() || may_ask == MayAsk::kNo) {
    PrintNotes(
        fmt::format("nobody trusted {}, so this is left out:\n{}\nSee and decide with "
                    "\"aileron policy trust {}\"",
                    path, Join(waits, "\n"), Printable(ShellQuoted(file.path))));
    return false;
  }
  PrintNotes(
      fmt::format("{} asks for what takes your trust:\n{}\nWhat it runs on the host runs as "
                  "you, with each launch, and so does what that calls in the workspace. "
                  "Without trust the launch goes on without it.",
                  path, Join(waits, "\n")));
  if (!AskWhetherToTrust()) return false;
  AILERON_TRY(os::MakePrivateFolder(paths.state));
  AILERON_TRY(trust::Store(paths.state)
                  .Add({.digest = trust::DigestOf(file.text), .since = Now(), .path = file.path}));
  return true;
}

// Resolved; what is wrong with it is told by who makes the launch's plan.
std::optional<std::string> Workspace(const launch::Options& options) {
  char real[PATH_MAX];
  const std::string named = options.workspace.empty() ? "." : options.workspace;
  if (realpath(named.c_str(), real) == nullptr) return std::nullopt;
  return std::string(real);
}

launch::Machine ThisMachine(const std::string& workspace) {
  launch::Machine machine;
  machine.cpus = static_cast<std::uint64_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  struct sysinfo info;
  if (sysinfo(&info) == 0) machine.memory = info.totalram * std::uint64_t{info.mem_unit};
  struct statvfs disk;
  if (statvfs(workspace.c_str(), &disk) == 0) {
    machine.storage = disk.f_bavail * std::uint64_t{disk.f_frsize};
  }
  return machine;
}

std::map<std::string, std::string, std::less<>> ByName(const std::vector<std::string>& variables) {
  std::map<std::string, std::string, std::less<>> named;
  for (const std::string& entry : variables) {
    const std::size_t equals = entry.find('=');
    if (equals != entry.npos && IsUtf8(entry)) {
      named[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
  }
  return named;
}

// What changes it makes what was done once be done again.
std::string ContentOf(const PlanInput& input, const std::optional<image::Image>& image) {
  return trust::DigestOf(fmt::format("{}\n{}\n{}", trust::DigestOf(input.config->text),
                                     trust::DigestOf(input.metadata_label),
                                     image ? image->digest.Text() : ""));
}

launch::SetupWhen SetupOf(const Parsed& parsed) {
  const std::string when = parsed.Value("--setup", "auto");
  return when == "always"  ? launch::SetupWhen::kAlways
         : when == "never" ? launch::SetupWhen::kNever
                           : launch::SetupWhen::kAuto;
}

// Of what the project needs: bindings that the user has not, and variables that nothing sets.
void TellMissing(const SandboxPlan& plan) {
  if (!plan.container.aileron || plan.container.aileron->bindings.empty()) return;
  auto client = Connected();
  const auto answer = client ? GetJson(*client, "/v1/bindings") : Result<Json>(Json());
  if (!client || !answer) return;  // the launch itself says why there is no daemon
  for (const std::string& wanted : plan.container.aileron->bindings) {
    const Json& bindings = ListOf(*answer, "bindings");
    const bool bound = std::ranges::any_of(bindings, [&](const Json& one) {
      return TextOf(one, "credential") == wanted && TextOf(one, "credential_state") != "missing";
    });
    if (bound) continue;
    PrintNote(
        fmt::format("the devcontainer needs the credential {0}, which is not bound. \"aileron "
                    "secret set {0}\" stores it, \"aileron binding add\" binds it to a host",
                    wanted));
  }
}

void PrintWarnings(const SandboxPlan& plan) {
  for (const image::Warning& one : plan.container.warnings) {
    PrintNote(fmt::format("{}:{}:{}: {}", Printable(plan.container.file), one.place.line,
                          one.place.column, one.text));
  }
}

std::expected<void, Failure> ApplyFile(const Parsed& parsed, const PlanInput& input,
                                       const SandboxPlan& plan, launch::Options& options) {
  launch::ContainerOptions& container = options.container;
  container.trusted = input.permissions.trusted;
  container.permissions = input.permissions;
  container.content = ContentOf(input, options.image);
  container.setup = SetupOf(parsed);
  auto notes = launch::ApplyContainer(plan, input.workspace, options);
  if (!notes) return std::unexpected(BadFile(std::move(notes.error())));
  if (plan.merged.host_requirements) {
    for (std::string& line :
         launch::UnmetRequirements(*plan.merged.host_requirements, ThisMachine(input.workspace))) {
      notes->push_back(std::move(line));
    }
  }
  for (const std::string& note : *notes) PrintNote(note);
  TellMissing(plan);
  container.inside =
      [input](const std::vector<std::string>& environment) -> Result<launch::ContainerInside> {
    PlanInput known = input;
    known.container_env = ByName(environment);
    AILERON_ASSIGN(const SandboxPlan plan, image::MakePlan(known));
    for (const image::NeededSecret& secret : plan.container.secrets) {
      if (known.container_env->contains(secret.name)) continue;
      PrintNote(
          fmt::format("the devcontainer needs the secret {}, and no binding of yours gives "
                      "the variable a look-alike",
                      Printable(secret.name)));
    }
    return launch::InsideOf(plan);
  };
  return {};
}

// What is known before anything of it is done; nothing where there is no workspace.
std::expected<std::optional<PlanInput>, Failure> Settle(const Parsed& parsed,
                                                        const launch::Options& options,
                                                        MayAsk may_ask) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  const auto workspace = Workspace(options);
  if (!workspace) return std::nullopt;
  PlanInput input{.workspace = *workspace};
  if (!parsed.Has("--no-devcontainer")) {
    AILERON_ASSIGN(input, PlanInputOf(paths, *workspace, parsed.Value("--config")));
  }
  input.image = parsed.Value("--image");
  if (input.config && !input.permissions.trusted) {
    if (options.unattended) may_ask = MayAsk::kNo;
    AILERON_ASSIGN(const SandboxPlan plan, PlanOf(input));
    AILERON_ASSIGN(input.permissions.trusted, AskForTrust(paths, plan, *input.config, may_ask));
  }
  return input;
}

// Those of the command line and of the file; of the latter some may be left out in the end.
std::vector<sandbox::MountRequest> MountsOf(const SandboxPlan& plan,
                                            const launch::Options& options) {
  std::vector<sandbox::MountRequest> mounts = options.mounts;
  for (const image::Mount& mount : plan.merged.mounts) {
    if (!mount.source.starts_with('/')) continue;  // a volume
    mounts.push_back({mount.source, mount.target,
                      mount.read_only ? sandbox::Access::kReadOnly : sandbox::Access::kReadWrite});
  }
  return mounts;
}

std::expected<UsedImage, Failure> BuildImage(const PlanInput& input, MayAsk may_ask,
                                             std::span<const sandbox::MountRequest> mounts) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(const image::Store store, OpenStore());
  while (true) {
    AILERON_ASSIGN(
        Wanted wanted,
        WantedOf(paths, store, input.workspace, input.config ? input.config->path : std::string(),
                 input.image, Fetching::kWhatIsMissing,
                 may_ask == MayAsk::kYes ? Lock::kAskedAbout : Lock::kRefused));
    if (!wanted.building) {
      return std::unexpected(Error{Code::kUnavailable, "the devcontainer.json changed meanwhile"});
    }
    AILERON_ASSIGN(build::Made made,
                   MakeImage(paths, store, *wanted.building,
                             {.may_ask = may_ask == MayAsk::kYes, .mounts = mounts}));
    auto lease = store.Use(made.image);
    if (lease) return UsedImage{std::move(made.image), *std::move(lease)};
    // Somebody has cleared the store in between.
    if (lease.error().code != Code::kNotFound) return std::unexpected(std::move(lease.error()));
  }
}

// What the engine calls the image that is built for the project.
std::expected<std::string, Failure> BuildInEngine(const SandboxPlan& plan, const PlanInput& input,
                                                  MayAsk may_ask, const launch::Options& options) {
  return BuiltInEngine(input, EngineKindOf(options),
                       may_ask == MayAsk::kYes ? MayAskToBuild::kYes : MayAskToBuild::kNo,
                       MountsOf(plan, options));
}

// The plan's image in the engine that --sandbox names.
std::expected<void, Failure> UseEngine(const SandboxPlan& plan, const PlanInput& input,
                                       MayAsk may_ask, launch::Options& options) {
  if (!IsBuilt(plan)) {
    AILERON_ASSIGN(const std::string name, NameInEngineOf(plan, input));
    return ChooseEngineImage(name, options);
  }
  AILERON_ASSIGN(const std::string built, BuildInEngine(plan, input, may_ask, options));
  return ChooseEngineImage(built, options);
}

// What the project has wrong is its mistake, as it is to "sandbox build".
Failure NotReady(Failure failure) {
  if (failure.exit_code == kExitConfiguration) return failure;
  return {launch::kSandboxNotStarted, std::move(failure.error)};
}

// The plan's image, pulled or built if need be; nothing for the host's root.
std::expected<std::optional<UsedImage>, Failure> ImageOf(const SandboxPlan& plan,
                                                         const PlanInput& input, MayAsk may_ask,
                                                         const launch::Options& options) {
  const std::vector<sandbox::MountRequest> mounts = MountsOf(plan, options);
  if (IsBuilt(plan)) return BuildImage(input, may_ask, mounts);
  AILERON_ASSIGN(const auto reference, ReferenceOfPlan(plan, input));
  if (!reference) return std::nullopt;
  return UseImage(*reference, WrittenFolders(input.workspace, mounts));
}

}  // namespace

std::expected<void, Failure> SettleDetached(const Parsed& parsed, const launch::Options& options) {
  AILERON_ASSIGN(const auto input, Settle(parsed, options, MayAsk::kYes));
  if (!input) return {};
  AILERON_ASSIGN(const SandboxPlan plan, PlanOf(*input));
  const MayAsk may_ask = options.unattended ? MayAsk::kNo : MayAsk::kYes;
  if (UsesEngine(options)) {
    // What there is to ask has been asked.
    if (!IsBuilt(plan)) {
      AILERON_TRY(NameInEngineOf(plan, *input));
      return {};
    }
    AILERON_TRY(BuildInEngine(plan, *input, may_ask, options));
    return {};
  }
  auto ready = ImageOf(plan, *input, may_ask, options);
  if (!ready) {
    return std::unexpected(NotReady(std::move(ready.error())));
  }
  return {};
}

std::expected<std::optional<UsedImage>, Failure> PrepareContainer(const Parsed& parsed,
                                                                  launch::Options& options) {
  // A detached launch has a terminal that nobody is at: who typed it was asked before.
  const MayAsk may_ask = parsed.Has("--detach") || options.unattended ? MayAsk::kNo : MayAsk::kYes;
  AILERON_ASSIGN(auto settled, Settle(parsed, options, may_ask));
  if (!settled) return std::nullopt;
  PlanInput input = *std::move(settled);
  AILERON_ASSIGN(SandboxPlan plan, PlanOf(input));
  if (input.config && input.permissions.trusted) {
    if (auto ran = launch::RunOnHost(launch::HostSteps(plan), input.workspace); !ran) {
      return std::unexpected(Failure(launch::kSandboxNotStarted, std::move(ran.error())));
    }
  }
  std::optional<UsedImage> image;
  if (UsesEngine(options)) {
    AILERON_TRY(UseEngine(plan, input, may_ask, options));
  } else {
    auto ready = ImageOf(plan, input, may_ask, options);
    if (!ready) {
      return std::unexpected(NotReady(std::move(ready.error())));
    }
    image = *std::move(ready);
    if (image) options.image = image->image;
  }
  if (!input.config) return image;
  if (options.image) input.metadata_label = LabelOf(*options.image);
  AILERON_ASSIGN(plan, PlanOf(input));
  PrintWarnings(plan);
  AILERON_TRY(ApplyFile(parsed, input, plan, options));
  if (UsesEngine(options) && !options.resources.ulimits.empty()) {
    PrintNote(fmt::format("--ulimit of the devcontainer does not hold in a sandbox of {}",
                          options.sandbox));
  }
  return image;
}

}  // namespace aileron::modes
