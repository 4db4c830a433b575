// Tested by tests/policy/test_policy_trust.py.

// aileron policy trust, untrust, trusted: which projects' files may open something.
#include <algorithm>
#include <climits>
#include <cstdlib>

#include "base/text.h"
#include "launch/environment.h"
#include "modes/api.h"
#include "modes/container_source.h"
#include "modes/policy_source.h"
#include "modes/policy_text.h"
#include "modes/policy_verbs.h"
#include "modes/trust_question.h"
#include "os/paths.h"
#include "policy/document_yaml.h"
#include "trust/files.h"
#include "trust/loader.h"
#include "trust/store.h"

namespace aileron::modes {

namespace {

// The file that the line names, or the one of this folder, with its whole path.
Result<std::string> FileOf(const Parsed& parsed, const os::Paths& paths) {
  if (parsed.arguments.empty()) {
    AILERON_ASSIGN(const std::string here, os::CurrentFolder());
    const auto found = trust::FindProject(here, paths.home);
    if (!found.empty()) return found.front();
    return Fail(Code::kNotFound, "there is no {} in this folder or above it", trust::kProjectFile);
  }
  const std::string& named = parsed.arguments.front();
  const std::size_t slash = named.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : named.substr(0, slash + 1);
  char resolved[PATH_MAX];
  if (realpath(folder.c_str(), resolved) == nullptr) {
    return os::FailErrno(
        "cannot find {} (a file that is gone has the path that \"aileron policy "
        "trusted\" shows)",
        Printable(folder));
  }
  const std::string_view last = std::string_view(named).substr(slash + 1);
  return fmt::format("{}{}{}", resolved, std::string_view(resolved) == "/" ? "" : "/", last);
}

// What is trusted may be gone, with its folder: then its path is the one that is listed.
Result<std::string> TrustedFileOf(const Parsed& parsed, const os::Paths& paths) {
  if (!parsed.arguments.empty()) {
    AILERON_ASSIGN(const auto all, trust::Store(paths.state).List());
    const std::string& named = parsed.arguments.front();
    if (std::ranges::find(all, named, &trust::Trusted::path) != all.end()) return named;
  }
  return FileOf(parsed, paths);
}

// All that it opens, whatever profile a launch asks for.
Result<std::string> Opens(const os::Paths& paths, const std::string& path,
                          const std::string& text) {
  AILERON_ASSIGN(const std::string user, trust::ReadUserText(paths.config));
  policy::Layers layers{.profile = policy::Profile::kLocked};
  AILERON_ASSIGN(layers.user,
                 policy::ParseDocument(user, fmt::format("{}/{}", paths.config, trust::kUserFile),
                                       policy::Layer::kUser));
  AILERON_TRY(trust::ParseProject({{path, text}}, policy::Trust::kNone, layers));
  AILERON_ASSIGN(const std::vector<policy::Widening> opens, policy::Widenings(layers));
  return WideningText(opens);
}

// A devcontainer.json, by whatever name --config has it.
bool IsContainerFile(std::string_view path) { return path.ends_with(".json"); }

// What a devcontainer.json would run on the host and see of it; empty for nothing.
Result<std::string> ContainerOpens(const std::string& path, const std::string& text) {
  AILERON_ASSIGN(const image::SandboxPlan plan,
                 image::MakePlan({.workspace = WorkspaceOf(path),
                                  .config = image::ConfigFile{path, text},
                                  .local_env = HostVariables(),
                                  .may_see = launch::PassedOnByDefault}));
  return Join(WaitsForTrust(plan), "\n");
}

Outcome RunTrust(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const std::string path, FileOf(parsed, paths));
  // What is shown, asked about and trusted are the same bytes.
  auto text = trust::ReadPolicyText(path);
  if (!text) return std::unexpected(BadPolicy(std::move(text.error())));
  auto opens = IsContainerFile(path) ? ContainerOpens(path, *text) : Opens(paths, path, *text);
  if (!opens) return std::unexpected(BadPolicy(std::move(opens.error())));
  const std::string digest = trust::DigestOf(*text);
  if (parsed.Has("--digest") && parsed.Value("--digest") != digest) {
    return std::unexpected(Failure(
        kExitDenied,
        {Code::kDenied, fmt::format("{} is another text than the one with this digest: it has {}",
                                    Printable(path), digest)}));
  }
  if (!opens->empty()) {
    PrintNotes(fmt::format("{} opens:\n{}", Printable(path), *opens));
  }
  if (!parsed.Has("--yes") && !parsed.Has("--digest")) {
    if (!CanAsk()) {
      return std::unexpected(Failure(
          {Code::kDenied,
           "nobody can be asked here. Look at what the file opens, and say --yes or --digest"}));
    }
    if (!AskWhetherToTrust()) return kExitDenied;
  }
  AILERON_TRY(os::MakePrivateFolder(paths.state));
  AILERON_TRY(trust::Store(paths.state).Add({.digest = digest, .since = Now(), .path = path}));
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"path", path}, {"digest", digest}})));
  }
  return 0;
}

Outcome RunUntrust(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const std::string path, TrustedFileOf(invocation.parsed, paths));
  AILERON_TRY(trust::Store(paths.state).Remove(path));
  return 0;
}

// "yes", "changed", "gone": whether what was trusted is what is there. Of a build and a lock those
// look who build.
std::string_view StateOf(const trust::Trusted& one) {
  if (one.path.ends_with(trust::kBuild)) return "build";
  if (one.path.ends_with(trust::kLock)) return "lock";
  const auto text = trust::ReadPolicyText(one.path);
  if (!text) return text.error().code == Code::kNotFound ? "gone" : "unreadable";
  return trust::DigestOf(*text) == one.digest ? "yes" : "changed";
}

Outcome RunTrusted(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const std::vector<trust::Trusted> all, trust::Store(paths.state).List());
  Json list = Json::array();
  Grid grid({"IN FORCE", "SINCE", "DIGEST", "FILE"});
  for (const trust::Trusted& one : all) {
    const std::string_view state = StateOf(one);
    const Json json = {{"path", one.path},
                       {"digest", one.digest},
                       {"since", FormatTime(one.since)},
                       {"state", state}};
    grid.Add({std::string(state), LocalTime(json, "since"), one.digest.substr(0, 12), one.path});
    list.push_back(json);
  }
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(list)));
  } else if (all.empty()) {
    PrintNote("no project's file is trusted");
  } else {
    PrintGrid(grid);
  }
  return 0;
}

}  // namespace

std::vector<Command> PolicyTrustCommands() {
  const Argument file{
      "FILE",
      "Instead of this folder's aileron.yaml; a devcontainer.json is one by its name",
      Arity::kOptional,
      {},
      Completes::kFile};
  return {{.name = "trust",
           .summary = "Let a project's file open what it asks for",
           .text = "Shows what the file opens beyond your own policy, and asks. Trust is in this "
                   "text at this place: when the file changes, only what narrows is in force until "
                   "you trust it again. Nobody is asked where there is no terminal; --yes and "
                   "--digest answer beforehand.",
           .flags = {{"--yes", "", "Trust it without a question"},
                     {"--digest", "SHA256", "Trust it without a question if this is its digest"},
                     kJsonFlag},
           .arguments = {file},
           .run = RunTrust},
          {.name = "untrust", .summary = "Take trust back", .arguments = {file}, .run = RunUntrust},
          {.name = "trusted",
           .summary = "List the files that you trust",
           .flags = {kJsonFlag},
           .run = RunTrusted}};
}

}  // namespace aileron::modes
