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

// The same error, told with the place in a file of what it is about.
std::unexpected<Error> At(std::string_view file, policy::Place place, Error error) {
  error.message = policy::FailAt(Printable(file), place, error.message).error().message;
  return std::unexpected(std::move(error));
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
    if (IsOrBelow(*real, spec_.workspace)) return Inside(*real, view);
    if (view.in_workspace && view.access != FileAccess::kHidden)
      return {};  // a link that leads out
    return view.access == FileAccess::kHidden ? Hide(*real) : Mount(*real, view);
  }

 private:
  Status Missing(const FileView& view) {
    if (view.access == FileAccess::kHidden) {
      into_.notes.push_back(
          fmt::format("{}:{} hides nothing: {} is not there, and is seen if it "
                      "is made later",
                      Printable(view.file), view.place.line, Printable(view.path)));
    } else if (!view.in_workspace) {
      into_.notes.push_back(
          fmt::format("{} is not there, and so not shown to the agent", Printable(view.path)));
    }
    return {};
  }

  void Cover(const std::string& root, const std::string& path, CoverKind kind) {
    const std::size_t begins = root == "/" ? 1 : root.size() + 1;
    into_.covers.push_back({root, path.substr(begins), kind, {}});
  }

  Status Inside(const std::string& path, const FileView& view) {
    if (path == spec_.workspace) {
      if (view.access == FileAccess::kHidden) {
        return At(
            view.file, view.place,
            {Code::kInvalid, fmt::format("this hides the whole workspace {}; go to another folder",
                                         Printable(path))});
      }
      if (view.access == FileAccess::kReadOnly) spec_.workspace_access = sandbox::Access::kReadOnly;
      return {};
    }
    switch (view.access) {
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
    if (const Status shareable = CheckShareable(path, paths_); !shareable) {
      return At(view.file, view.place, shareable.error());
    }
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

Status ShapeFiles(const policy::Merged& merged, const policy::FileRoots& roots,
                  const os::Paths& paths, Plan& plan, PolicyPlan& into) {
  const bool read_only = plan.spec.workspace_access == sandbox::Access::kReadOnly;
  FileShaper shaper(paths, plan, into);
  for (const FileView& view : policy::PlanFiles(
           merged.files, roots, read_only ? FileAccess::kReadOnly : FileAccess::kReadWrite)) {
    AILERON_TRY(shaper.Shape(view));
  }
  return {};
}

Result<service::Spec> SpecOf(const policy::PlacedService& placed, const policy::FileRoots& roots) {
  const policy::ServiceEntry& entry = placed.entry;
  service::Spec spec{.name = entry.name,
                     .command = entry.command,
                     .folder = policy::AbsolutePath(entry.folder, placed.folder, roots),
                     .ports = entry.publish};
  spec.restart = *service::ParseRestart(entry.restart);
  spec.health = {.port = entry.health_port, .command = entry.health_command};
  if (const Status good = service::CheckSpec(spec); !good) {
    return At(placed.file, entry.place, good.error());
  }
  return spec;
}

// A port that the policy publishes leads to a free one of this machine.
void Publish(const policy::ServiceEntry& entry, Options& options) {
  for (const std::uint16_t port : entry.publish) {
    auto& mappings = options.publishing.mappings;
    const bool known = std::ranges::any_of(
        mappings, [&](const service::Mapping& mapping) { return mapping.port == port; });
    if (!known) mappings.push_back({.outside = {}, .port = port});
  }
}

// One that starts where nothing is shown has nothing to run.
Status AddServices(const policy::Merged& merged, const policy::FileRoots& roots, Options& options,
                   PolicyPlan& into) {
  AILERON_TRY(policy::CheckServiceNames(merged));
  for (const policy::PlacedService& placed : merged.services) {
    AILERON_ASSIGN(service::Spec spec, SpecOf(placed, roots));
    if (!IsOrBelow(spec.folder, roots.workspace)) {
      into.notes.push_back(fmt::format(
          "{}:{}: the service {} is left out: its folder {} is not in the workspace",
          Printable(placed.file), placed.entry.place.line, spec.name, Printable(spec.folder)));
      continue;
    }
    into.services.push_back(std::move(spec));
    Publish(placed.entry, options);
  }
  return {};
}

// The command finds the nearest file by itself.
void NoteWithheld(const trust::Loaded& loaded, PolicyPlan& into) {
  for (const std::string& file : into.project) {
    const auto count = std::ranges::count(loaded.withheld, file, &policy::Widening::file);
    if (count == 0) continue;
    const std::string named = file == into.project.front() ? "" : " " + ShellQuoted(file);
    into.notes.push_back(fmt::format(
        "{} opens {} thing{} that you do not allow, and nobody trusted it, so {} not in force. See "
        "and decide with \"aileron policy trust{}\"",
        Printable(file), count, count == 1 ? "" : "s", count == 1 ? "it is" : "they are",
        Printable(named)));
  }
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
  found.project = trust::FindProject(plan.spec.workspace, paths.home);
  AILERON_ASSIGN(const trust::Texts texts, trust::ReadTexts(paths, found.project));
  AILERON_ASSIGN(const trust::Loaded loaded, trust::Load(paths, texts, plan.command.front(),
                                                         policy::ParseProfile(options.profile)));
  policy::Merged merged = policy::Merge(loaded.layers);
  const policy::FileRoots roots{.workspace = plan.spec.workspace, .home = paths.home};
  AILERON_TRY(ShapeFiles(merged, roots, paths, plan, found));
  AILERON_TRY(AddServices(merged, roots, options, found));
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
