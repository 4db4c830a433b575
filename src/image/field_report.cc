#include "image/field_report.h"

#include <algorithm>
#include <array>

#include "base/below.h"
#include "base/text.h"
#include "image/cache_from.h"
#include "image/run_args.h"

namespace aileron::image {
namespace {

using Gpu = HostRequirements::Gpu;

constexpr std::string_view kProjectOnly = "only once you trust this file, as it is";
constexpr std::string_view kAgent = "everything inside is \"agent\", which has your id, not root's";
// Flags of a build that reach nothing but the build.
constexpr auto kBuildOptions = std::to_array<std::string_view>(
    {"--pull", "--no-cache", "--progress", "--platform", "--label", "--target"});

// Fields that are the same for everybody.
struct Plain {
  std::string_view key;
  Honour honour;
  std::string_view why;
};
constexpr Plain kPlain[] = {
    {"name", Honour::kHonoured, "shown"},
    {"containerEnv", Honour::kHonoured, "variables of all that runs inside"},
    {"remoteEnv", Honour::kHonoured, "variables of the agent and of commands"},
    {"containerUser", Honour::kNotHonoured, kAgent},
    {"remoteUser", Honour::kNotHonoured, kAgent},
    {"updateRemoteUserUID", Honour::kHonoured, "ids are mapped, no file of the image is changed"},
    {"onCreateCommand", Honour::kHonoured, "inside, behind the same walls as the agent"},
    {"updateContentCommand", Honour::kHonoured, "inside, behind the same walls as the agent"},
    {"postCreateCommand", Honour::kHonoured, "inside, behind the same walls as the agent"},
    {"postStartCommand", Honour::kHonoured, "inside, behind the same walls as the agent"},
    {"postAttachCommand", Honour::kHonoured, "inside, behind the same walls as the agent"},
    {"waitFor", Honour::kPartly, "the agent starts when all commands have run"},
    {"init", Honour::kHonoured, "always so"},
    {"overrideCommand", Honour::kNotHonoured, "the first process is aileron's own"},
    {"userEnvProbe", Honour::kNotHonoured,
     "the environment is what this file, the image and your policy say, no shell's"},
    {"portsAttributes", Honour::kPartly, "label and protocol; the rest is an editor's"},
    {"otherPortsAttributes", Honour::kNotHonoured, "only ports that are named are published"},
    {"appPort", Honour::kNotHonoured, "ports are published by forwardPorts"},
    {"overrideFeatureInstallOrder", Honour::kHonoured, "the order in which features are added"},
    {"dockerComposeFile", Honour::kRefused,
     "a sandbox is one container: name its image, and put what else it needs below "
     "customizations.aileron.services"},
    {"service", Honour::kRefused, "there is no docker compose"},
    {"runServices", Honour::kRefused, "there is no docker compose"},
};

class Reporter {
 public:
  explicit Reporter(const ReportInput& input) : in_(input) {}

  std::vector<FieldReport> Report() {
    for (const DevContainer::Field& field : in_.container.fields) {
      key_ = field.key;
      place_ = field.place;
      if (!field.known) {
        Add({Honour::kNotHonoured, "the specification knows no such key"});
      } else if (key_ != "$schema") {
        Field();
      }
    }
    place_ = {};
    ReportOthers();
    ReportNotes();
    return std::move(reports_);
  }

 private:
  void Add(Verdict verdict, std::string detail = {}) {
    reports_.push_back({.field = key_,
                        .detail = std::move(detail),
                        .place = place_,
                        .verdict = std::move(verdict)});
  }
  void AddAt(const Place& place, Verdict verdict, std::string detail) {
    Add(std::move(verdict), std::move(detail));
    if (place_.line != 0) reports_.back().place = place;
  }

  void Field() {
    const auto* plain = std::ranges::find(kPlain, key_, &Plain::key);
    if (plain != std::end(kPlain)) return Add({plain->honour, std::string(plain->why)});
    if (key_ == "image") return Image();
    if (key_ == "build" || key_ == "dockerFile" || key_ == "context") return Building();
    if (key_ == "features") return Features();
    if (key_ == "mounts") return Mounts(in_.container.metadata.mounts);
    if (key_ == "workspaceMount") return WorkspaceMount();
    if (key_ == "workspaceFolder") return WorkspaceFolder();
    if (key_ == "runArgs") return RunArgs();
    if (key_ == "initializeCommand") {
      return Add(Trusted("runs on the host"), std::string(in_.initialize));
    }
    if (key_ == "privileged") return Privileged(in_.container.metadata.privileged.value_or(false));
    if (key_ == "capAdd") return Capabilities(in_.container.metadata.cap_add);
    if (key_ == "securityOpt") return SecurityOptions(in_.container.metadata.security_opt);
    if (key_ == "forwardPorts") return Ports(in_.container.metadata.forward_ports);
    if (key_ == "hostRequirements") return Requirements();
    if (key_ == "shutdownAction") return Shutdown();
    if (key_ == "secrets") return Secrets();
    if (key_ == "customizations") return Customizations();
  }

  Verdict Trusted(std::string_view what) const {
    if (in_.permissions.trusted) {
      return {Honour::kHonoured, fmt::format("{}; you trust this file", what)};
    }
    return {Honour::kWithheld, fmt::format("{}: {}", what, kProjectOnly), true};
  }

  // --- the image

  bool Replaced() {
    if (in_.tier.tier == Tier::kDevContainer) return false;
    Add({Honour::kNotHonoured, fmt::format("another image takes its place: {}", in_.tier.why)});
    return true;
  }
  void Image() {
    if (!Replaced()) Add({Honour::kHonoured, "what the sandbox's root is made of"});
  }

  // A path of the file, as it is written, stays in the project: in the workspace, or beside a file
  // that lies elsewhere.
  bool StaysInside(std::string_view path) const {
    const std::string folder(in_.config_file.substr(0, in_.config_file.rfind('/')));
    const std::string whole =
        path.starts_with('/') ? PlainPath(path) : PlainPath(fmt::format("{}/{}", folder, path));
    const bool ours = IsOrBelow(in_.config_file, in_.workspace);
    return IsOrBelow(whole, ours ? in_.workspace : std::string_view(folder));
  }
  void Building() {
    const Build& build = *in_.container.build;
    if (Replaced()) return;
    for (const std::string& path : {build.dockerfile, build.context}) {
      if (path.empty() || StaysInside(path)) continue;
      return Add({Honour::kRefused, "what is built lies in the project"}, path);
    }
    Add({Honour::kHonoured,
         "a builder runs what the Dockerfile says, once you agree to it as it is"});
    if (key_ != "build") return;
    for (const std::string& entry : build.cache_from) {
      Add(CacheImage(entry)
              ? Verdict{Honour::kHonoured, "the builder may take its layers, once you agree"}
              : Verdict{Honour::kNotHonoured, "only an image of a registry serves as a cache"},
          fmt::format("cacheFrom {}", entry));
    }
    for (const std::string& option : build.options) {
      const std::string_view name = std::string_view(option).substr(0, option.find('='));
      if (std::ranges::find(kBuildOptions, name) != kBuildOptions.end()) continue;
      Add({Honour::kNotHonoured, "not on the list of build options that are taken"}, option);
    }
  }
  void Features() {
    if (Replaced()) return;
    for (const Feature& feature : in_.container.features) {
      const bool local = feature.id.starts_with('.') || feature.id.starts_with('/');
      if (local && (feature.id.starts_with('/') || !StaysInside(feature.id))) {
        AddAt(feature.place, {Honour::kRefused, "a folder of the project is ./NAME"}, feature.id);
      } else if (feature.id.starts_with("http://")) {
        AddAt(feature.place, {Honour::kRefused, "without TLS anybody on the way can exchange it"},
              feature.id);
      } else {
        AddAt(feature.place,
              {Honour::kHonoured,
               local ? "a builder runs its install.sh, once you agree to it as it is"
                     : "is fetched; a builder runs its install.sh, once you agree to it as it is"},
              feature.id);
      }
    }
  }

  // --- mounts and the walls

  void Mounts(std::span<const Mount> mounts) {
    for (const Mount& mount : mounts) {
      AddAt(mount.place, JudgeMount(mount, in_.workspace, in_.permissions),
            fmt::format("{}:{}", mount.source, mount.target));
    }
  }
  void WorkspaceFolder() {
    if (in_.tier.tier == Tier::kHost) {
      return Add({Honour::kNotHonoured, "on the host's root the workspace stands where it is"});
    }
    const Verdict verdict = JudgePlace(in_.container.workspace_folder);
    if (verdict.honour != Honour::kHonoured) return Add({Honour::kRefused, verdict.why});
    Add({Honour::kHonoured, "where the workspace stands inside"});
  }
  void WorkspaceMount() {
    const std::string& text = *in_.container.workspace_mount;
    if (text.empty()) return Add({Honour::kNotHonoured, "the workspace is always mounted"});
    const auto mount = ParseMount(text);
    if (!mount || mount->type != "bind") {
      return Add({Honour::kNotHonoured, "the workspace is a folder of the host"});
    }
    const Verdict verdict = JudgeMount(*mount, in_.workspace, {});
    if (verdict.honour == Honour::kHonoured && PlainPath(mount->source) != in_.workspace) {
      return Add({Honour::kPartly, "the workspace that is launched is mounted, at its place"});
    }
    Add(verdict);
  }
  void RunArgs() {
    for (RunArg& arg : ReviewRunArgs(in_.container.run_args, in_.workspace, in_.permissions)) {
      if (!arg.value.empty()) arg.flag += " " + arg.value;
      Add(std::move(arg.verdict), std::move(arg.flag));
    }
  }
  void Privileged(bool wanted) {
    Add(wanted ? JudgePrivileged(in_.permissions) : Verdict{Honour::kHonoured, "always so"});
  }
  void Capabilities(std::span<const std::string> names) {
    for (const std::string& name : names) Add(JudgeCapability(name, in_.permissions), name);
  }
  void SecurityOptions(std::span<const std::string> options) {
    for (const std::string& option : options) {
      Add(JudgeSecurityOption(option, in_.permissions), option);
    }
  }

  // --- the rest

  void Ports(std::span<const ForwardedPort> ports) {
    for (const ForwardedPort& port : ports) {
      const bool own = port.host == "localhost" || port.host == "127.0.0.1";
      Add(own ? Verdict{Honour::kHonoured, "published on this machine's loopback"}
              : Verdict{Honour::kNotHonoured, "there is no other container"},
          own ? std::to_string(port.port) : fmt::format("{}:{}", port.host, port.port));
    }
  }
  void Requirements() {
    const HostRequirements needed = in_.container.metadata.host_requirements.value();
    const bool gpu = needed.gpu != Gpu::kNotSaid && needed.gpu != Gpu::kNo;
    if (!gpu) return Add({Honour::kHonoured, "compared with this machine before anything starts"});
    Add({Honour::kPartly, "compared with this machine, without gpu: the sandbox has no devices"});
  }
  void Shutdown() {
    const bool stays = in_.container.metadata.shutdown_action == "none";
    Add(stays ? Verdict{Honour::kNotHonoured, "a sandbox ends with its session"}
              : Verdict{Honour::kHonoured, "a sandbox ends with its session"});
  }
  void Secrets() {
    for (const NeededSecret& secret : in_.container.secrets) {
      AddAt(secret.place,
            {Honour::kHonoured, "a look-alike; a binding says which credential goes to which host"},
            secret.name);
    }
  }
  void Customizations() {
    for (const auto& [tool, said] : in_.container.metadata.customizations.items()) {
      if (tool != "aileron") Add({Honour::kNotHonoured, "another tool's"}, tool);
    }
    if (in_.container.aileron) Aileron(*in_.container.aileron);
  }
  void Aileron(const AileronSettings& settings) {
    key_ = "customizations.aileron";
    if (!settings.image.empty()) {
      const bool taken = in_.tier.image == settings.image || in_.tier.tier == Tier::kBase;
      Add(taken ? Verdict{Honour::kHonoured, "what the sandbox's root is made of"}
                : Verdict{Honour::kNotHonoured, in_.tier.why},
          "image");
    }
    if (!settings.policy.empty() && !IsProfileName(settings.policy)) {
      Add({Honour::kNotHonoured, "rules of a project stand in its aileron.yaml"}, "policy");
    } else if (!settings.policy.empty()) {
      Add({in_.permissions.trusted ? Honour::kHonoured : Honour::kPartly,
           "it narrows what your own policy allows; what it opens takes trust"},
          "policy");
    }
    if (!settings.bindings.empty()) {
      Add({Honour::kHonoured, "you are told which are missing; only you bind credentials"},
          "bindings");
    }
    for (const AileronService& service : settings.services) {
      AddAt(service.place, Trusted("runs beside the agent"),
            fmt::format("services {}", service.name));
    }
    for (const auto& [name, path] : settings.caches) {
      Mount mount{.type = "volume", .source = name, .target = path};
      Add(JudgeMount(mount, in_.workspace, in_.permissions), fmt::format("caches {}", name));
    }
    if (!settings.agents.empty()) {
      Add({Honour::kHonoured, "looked for in the image before the agent starts"}, "agents");
    }
  }

  // --- what an image's label and features say

  bool InFile(std::string_view key) const { return in_.container.Find(key) != nullptr; }

  template <typename T>
  std::vector<T> Besides(const std::vector<T>& all, const std::vector<T>& own) const {
    std::vector<T> others;
    for (const T& one : all) {
      if (std::ranges::find(own, one) == own.end()) others.push_back(one);
    }
    return others;
  }

  void ReportOthers() {
    const Merged& merged = in_.merged;
    const Metadata& own = in_.container.metadata;
    key_ = "privileged";
    if (merged.privileged && !own.privileged.value_or(false)) Privileged(true);
    key_ = "capAdd";
    Capabilities(Besides(merged.cap_add, own.cap_add));
    key_ = "securityOpt";
    SecurityOptions(Besides(merged.security_opt, own.security_opt));
    key_ = "forwardPorts";
    Ports(Besides(merged.forward_ports, own.forward_ports));
    key_ = "mounts";
    for (const Mount& mount : merged.mounts) {
      if (mount.place.line == 0) Mounts({&mount, 1});
    }
    key_ = "entrypoint";
    for (const std::string& entrypoint : merged.entrypoints) {
      Add({Honour::kNotHonoured, "the first process is aileron's own"}, entrypoint);
    }
    for (const Plain& plain : kPlain) {
      key_ = plain.key;
      if (!InFile(plain.key) && SaidByOthers(plain.key)) {
        Add({plain.honour, std::string(plain.why)});
      }
    }
  }
  bool SaidByOthers(std::string_view key) const {
    const Merged& merged = in_.merged;
    for (std::size_t stage = 1; stage < kStages; ++stage) {
      if (KeyOf(static_cast<Stage>(stage)) == key) return !merged.commands[stage].empty();
    }
    if (key == "remoteUser") return !merged.remote_user.empty();
    if (key == "containerUser") return !merged.container_user.empty();
    if (key == "remoteEnv") return !merged.remote_env.empty();
    if (key == "containerEnv") return !merged.container_env.empty();
    if (key == "waitFor") return !merged.wait_for.empty();
    if (key == "userEnvProbe") return !merged.user_env_probe.empty();
    return key == "overrideCommand" && merged.override_command.has_value();
  }

  void ReportNotes() {
    using Kind = VariableNote::Kind;
    for (const VariableNote& note : in_.notes) {
      const bool withheld = note.kind == Kind::kWithheld;
      const std::string text = withheld ? fmt::format("${{localEnv:{}}}", note.text) : note.text;
      Verdict verdict =
          withheld                    ? Verdict{Honour::kWithheld,
                             "a variable of the host, which counts as not set: " +
                                 std::string(kProjectOnly),
                             true}
          : note.kind == Kind::kLater ? Verdict{Honour::kHonoured, "known when the sandbox runs"}
          : note.kind == Kind::kNameless
              ? Verdict{Honour::kNotHonoured, "it names no variable, and stays as it is"}
              : Verdict{Honour::kNotHonoured, "there is no such variable, and it stays as it is"};
      reports_.push_back({.field = text, .place = note.place, .verdict = std::move(verdict)});
    }
  }

  const ReportInput& in_;
  std::string key_;
  Place place_;
  std::vector<FieldReport> reports_;
};

}  // namespace

std::vector<FieldReport> ReportFields(const ReportInput& input) { return Reporter(input).Report(); }

const FieldReport* Refused(std::span<const FieldReport> reports) {
  const auto found = std::ranges::find_if(
      reports, [](const FieldReport& one) { return one.verdict.honour == Honour::kRefused; });
  return found == reports.end() ? nullptr : &*found;
}

}  // namespace aileron::image
