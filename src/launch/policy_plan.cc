// Tested by tests/policy/test_policy_launch.py.
#include "launch/policy_plan.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "policy/file_plan.h"
#include "service/mapping.h"
#include "trust/files.h"
#include "trust/loader.h"

namespace aileron::launch {

namespace {

using policy::FileAccess;
using policy::FileView;
using sandbox::CoverKind;

// Where a path leads; nothing when it is not there.
std::optional<std::string> RealPath(const std::string& path) {
  char real[PATH_MAX];
  if (realpath(path.c_str(), real) == nullptr) return std::nullopt;
  return std::string(real);
}

bool IsFolder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Rules about files, carried out on a plan.
class FileShaper {
 public:
  FileShaper(const os::Paths& paths, Plan& plan, PolicyPlan& into)
      : paths_(paths), spec_(plan.spec), into_(into) {}

  Status Shape(const FileView& view) {
    // A rule is about what stands there, not about the link by whose name it is called.
    const auto real = RealPath(view.path);
    if (!real) return Missing(view);
    if (IsOrBelow(*real, spec_.workspace)) return Inside(*real, view.access);
    if (view.in_workspace && view.access != FileAccess::kHidden)
      return {};  // a link that leads out
    return view.access == FileAccess::kHidden ? Hide(*real) : Mount(*real, view);
  }

 private:
  Status Missing(const FileView& view) {
    if (!view.in_workspace && view.access != FileAccess::kHidden) {
      into_.notes.push_back(
          fmt::format("{} is not there, and so not shown to the agent", Printable(view.path)));
    }
    return {};
  }

  void Cover(const std::string& root, const std::string& path, CoverKind kind) {
    const std::size_t begins = root == "/" ? 1 : root.size() + 1;
    into_.covers.push_back({root, path.substr(begins), kind, {}});
  }

  Status Inside(const std::string& path, FileAccess access) {
    if (path == spec_.workspace) {
      if (access == FileAccess::kHidden) {
        return Fail(Code::kInvalid, "the policy hides the whole workspace {}; go to another folder",
                    path);
      }
      if (access == FileAccess::kReadOnly) spec_.workspace_access = sandbox::Access::kReadOnly;
      return {};
    }
    switch (access) {
      case FileAccess::kHidden:
        Cover(spec_.workspace, path, CoverKind::kHidden);
        break;
      case FileAccess::kReadOnly:
        Cover(spec_.workspace, path, CoverKind::kReadOnly);
        break;
      case FileAccess::kReadWrite:
        Open(path);
        break;
    }
    return {};
  }

  // In something that is read-only. In a workspace that is, it is a mount of its own, which the
  // second wall lets the agent write to as well.
  void Open(const std::string& path) {
    if (spec_.workspace_access == sandbox::Access::kReadOnly) {
      spec_.mounts.push_back({path, path, sandbox::Access::kReadWrite});
    } else {
      Cover(spec_.workspace, path, CoverKind::kWritable);
    }
  }

  Status Hide(const std::string& path) {
    const bool hidden = std::ranges::any_of(
        spec_.hidden, [&](const std::string& folder) { return IsOrBelow(path, folder); });
    const bool empty = std::ranges::any_of(
        kEmptyFolders, [&](std::string_view folder) { return IsOrBelow(path, folder); });
    const bool mounted = std::ranges::any_of(spec_.mounts, [&](const auto& mount) {
      return IsOrBelow(path, mount.source) && mount.source == mount.target;
    });
    if ((hidden || empty) && !mounted) return {};
    if (IsFolder(path) && !mounted) {
      spec_.hidden.push_back(path);
    } else {
      Cover("/", path, CoverKind::kHidden);
    }
    return {};
  }

  Status Mount(const std::string& path, const FileView& view) {
    AILERON_TRY(CheckShareable(path, paths_));
    spec_.mounts.push_back({path, view.path,
                            view.access == FileAccess::kReadOnly ? sandbox::Access::kReadOnly
                                                                 : sandbox::Access::kReadWrite});
    return {};
  }

  // Of the host nothing is seen in these.
  static constexpr std::array<std::string_view, 5> kEmptyFolders = {"/tmp", "/var/tmp", "/run",
                                                                    "/home", "/root"};

  const os::Paths& paths_;
  sandbox::Spec& spec_;
  PolicyPlan& into_;
};

Status ShapeFiles(const policy::Merged& merged, const os::Paths& paths, Plan& plan,
                  PolicyPlan& into) {
  const bool read_only = plan.spec.workspace_access == sandbox::Access::kReadOnly;
  FileShaper shaper(paths, plan, into);
  for (const FileView& view :
       policy::PlanFiles(merged.files, {plan.spec.workspace, paths.home},
                         read_only ? FileAccess::kReadOnly : FileAccess::kReadWrite)) {
    AILERON_TRY(shaper.Shape(view));
  }
  return {};
}

Result<service::Spec> SpecOf(const policy::ServiceEntry& entry, const Plan& plan) {
  service::Spec spec{.name = entry.name,
                     .command = entry.command,
                     .folder = plan.spec.workspace,
                     .ports = entry.publish};
  if (!entry.folder.empty()) spec.folder += "/" + entry.folder;
  spec.restart = *service::ParseRestart(entry.restart);
  spec.health = {.port = entry.health_port, .command = entry.health_command};
  AILERON_TRY(service::CheckSpec(spec));
  return spec;
}

// A port that the policy publishes leads to a free one of this machine.
Status AddServices(const policy::Merged& merged, const Plan& plan, Options& options,
                   PolicyPlan& into) {
  for (const policy::ServiceEntry& entry : merged.services) {
    AILERON_ASSIGN(into.services.emplace_back(), SpecOf(entry, plan));
    for (const std::uint16_t port : entry.publish) {
      const auto& mappings = options.publishing.mappings;
      const bool known = std::ranges::any_of(
          mappings, [&](const service::Mapping& mapping) { return mapping.port == port; });
      if (!known) options.publishing.mappings.push_back({.outside = {}, .port = port});
    }
  }
  return {};
}

void NoteWithheld(const trust::Loaded& loaded, PolicyPlan& into) {
  if (loaded.withheld.empty()) return;
  into.notes.push_back(fmt::format(
      "{} opens {} thing{} that you do not allow, and nobody trusted it, so {} not in force. See "
      "and decide with \"aileron policy trust\"",
      Printable(into.project), loaded.withheld.size(), loaded.withheld.size() == 1 ? "" : "s",
      loaded.withheld.size() == 1 ? "it is" : "they are"));
}

void NoteScrubbed(const Options& options, PolicyPlan& into) {
  for (const std::string& entry : options.environment) {
    const std::string name = entry.substr(0, entry.find('='));
    if (!into.passing.Scrubs(name)) continue;
    into.notes.push_back(fmt::format("{} is not passed on: the policy scrubs it", Printable(name)));
  }
}

}  // namespace

Result<PolicyPlan> ApplyPolicy(const os::Paths& paths, Plan& plan, Options& options) {
  PolicyPlan found;
  found.project = trust::FindProject(plan.spec.workspace, paths.home).value_or("");
  AILERON_ASSIGN(const trust::Texts texts, trust::ReadTexts(paths, found.project));
  AILERON_ASSIGN(const trust::Loaded loaded, trust::Load(paths, texts, plan.command.front(),
                                                         policy::ParseProfile(options.profile)));
  policy::Merged merged = policy::Merge(loaded.layers);
  AILERON_TRY(ShapeFiles(merged, paths, plan, found));
  AILERON_TRY(AddServices(merged, plan, options, found));
  found.passing = {.pass = std::move(merged.pass), .scrub = std::move(merged.scrub)};
  if (merged.approvals.hold && !options.hold_given && !options.unattended) {
    const auto hold = std::chrono::duration_cast<std::chrono::seconds>(*merged.approvals.hold);
    // A project's alone only shortens what would hold without it.
    options.hold = loaded.layers.user.approvals.hold ? hold : std::min(options.hold, hold);
  }
  NoteWithheld(loaded, found);
  NoteScrubbed(options, found);
  return found;
}

}  // namespace aileron::launch
