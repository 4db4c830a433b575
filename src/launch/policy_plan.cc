// Tested by tests/policy/test_policy_launch.py.
#include "launch/policy_plan.h"

#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <ranges>
#include <set>

#include "base/text.h"
#include "launch/file_covers.h"
#include "launch/guard.h"
#include "os/mounts.h"
#include "policy/file_plan.h"
#include "service/mapping.h"
#include "trust/files.h"
#include "trust/loader.h"

namespace aileron::launch {

namespace {

using policy::FileAccess;
using policy::FileView;
using sandbox::Access;

// Where a path leads; nothing when it is not there.
std::optional<std::string> RealPath(const std::string& path) {
  char real[PATH_MAX];
  if (realpath(path.c_str(), real) == nullptr) return std::nullopt;
  return std::string(real);
}

// Rules about files, carried out on a plan. A rule is about what stands there, not about the link
// by whose name it is called; but a link that an agent may have made opens and shows nothing.
class FileShaper {
 public:
  FileShaper(const os::Paths& paths, const std::vector<std::string>& allowed, Plan& plan,
             PolicyPlan& into)
      : paths_(paths), allowed_(allowed), spec_(plan.spec), into_(into) {}

  Status Shape(const std::vector<policy::FileLayer>& layers) {
    const bool read_only = spec_.workspace_access == Access::kReadOnly;
    views_ = policy::PlanFiles(Resolve(layers), {spec_.workspace, paths_.home},
                               read_only ? FileAccess::kReadOnly : FileAccess::kReadWrite);
    for (const FileView& view : views_) {
      if (missing_.contains(view.path)) NoteMissing(view);
    }
    std::erase_if(views_, [&](const FileView& view) { return missing_.contains(view.path); });
    NarrowMounts();
    AILERON_TRY(ShapeWorkspace());
    AILERON_TRY(ShapeMounts());
    PutCovers();
    return {};
  }

 private:
  struct Shown {
    std::string target;  // as it is written
    std::string source;  // where that leads
    auto operator<=>(const Shown&) const = default;
  };

  void Note(std::string note) {
    if (std::ranges::find(into_.notes, note) == into_.notes.end())
      into_.notes.push_back(std::move(note));
  }

  void NoteMissing(const FileView& view) {
    if (view.in_workspace) {
      Note(fmt::format("{} is not there, and so will not be {} when it comes", Printable(view.path),
                       Name(view.access)));
    } else if (view.access != FileAccess::kHidden) {
      Note(fmt::format("{} is not there, and so not shown to the agent", Printable(view.path)));
    }
  }

  // The same rules, about what their paths lead to.
  std::vector<policy::FileLayer> Resolve(std::vector<policy::FileLayer> layers) {
    writable_.push_back(spec_.workspace);
    for (const sandbox::MountRequest& mount : spec_.mounts) {
      if (mount.access == Access::kReadWrite) writable_.push_back(mount.source);
    }
    for (policy::FileLayer& layer : layers) {
      for (policy::FileRule& rule : layer.rules) {
        rule.path = policy::AbsolutePath(rule, {spec_.workspace, paths_.home});
        const auto real = RealPath(rule.path);
        const bool opens =
            layer.reach == policy::Reach::kFull && real && rule.access == FileAccess::kReadWrite;
        if (opens) writable_.push_back(*real);
      }
    }
    for (policy::FileLayer& layer : layers) {
      std::erase_if(layer.rules, [&](policy::FileRule& rule) {
        return ResolveRule(rule, layer.reach) == Holds::kNo;
      });
    }
    return layers;
  }

  enum class Holds { kNo, kYes };

  Holds ResolveRule(policy::FileRule& rule, policy::Reach reach) {
    const std::string written = rule.path;
    const auto real = RealPath(written);
    if (!real) {
      missing_.insert(written);
      return Holds::kYes;
    }
    rule.path = *real;
    if (rule.access == FileAccess::kHidden) return Holds::kYes;
    const bool opens = rule.access == FileAccess::kReadWrite;
    const bool outside = !IsOrBelow(*real, spec_.workspace);
    if (LedByAgent(written, *real) && (opens || outside)) {
      Note(fmt::format("{} leads to {} by a link that an agent may have made, and so {} nothing",
                       Printable(written), Printable(*real), outside ? "shows" : "opens"));
      return opens ? Holds::kNo : Holds::kYes;
    }
    if (outside && reach == policy::Reach::kFull) shown_.insert({written, *real});
    return Holds::kYes;
  }

  // Whether the path comes through a folder that an agent may write, and goes on by a link in it.
  bool LedByAgent(const std::string& written, const std::string& real) const {
    for (std::size_t slash = written.find('/', 1); slash != std::string::npos;
         slash = written.find('/', slash + 1)) {
      const auto folder = RealPath(written.substr(0, slash));
      const bool writable = folder && std::ranges::any_of(writable_, [&](const std::string& place) {
                              return IsOrBelow(*folder, place);
                            });
      if (writable) return *folder + written.substr(slash) != real;
    }
    return false;
  }

  // What the deepest rule says; nothing where no rule speaks.
  std::optional<FileAccess> AccessOn(std::string_view path) const {
    for (auto view = views_.rbegin(); view != views_.rend(); ++view) {
      if (IsOrBelow(path, view->path)) return view->access;
    }
    return std::nullopt;
  }

  // A mount of the command line shows no more than the policy lets be seen.
  void NarrowMounts() {
    std::erase_if(spec_.mounts, [&](sandbox::MountRequest& mount) {
      const auto access = AccessOn(mount.source);
      if (access == FileAccess::kReadOnly) mount.access = Access::kReadOnly;
      if (access != FileAccess::kHidden) return false;
      Note(fmt::format("{} is not mounted, since the policy hides {}", Printable(mount.target),
                       Printable(mount.source)));
      return true;
    });
  }

  Status ShapeWorkspace() {
    const auto access = AccessOn(spec_.workspace);
    if (access == FileAccess::kHidden) {
      return Fail(Code::kInvalid, "the policy hides the whole workspace {}; go to another folder",
                  spec_.workspace);
    }
    if (access == FileAccess::kReadOnly) spec_.workspace_access = Access::kReadOnly;
    if (spec_.workspace_access == Access::kReadWrite) return {};
    // Mounts of their own, which the second wall lets the agent write to as well.
    std::vector<std::string> opened;
    for (const FileView& view : views_) {
      if (!Opens(view)) continue;
      const std::string path = view.path.substr(spec_.workspace.size() + 1);
      if (IsAmong(opened, path)) continue;
      opened.push_back(path);
      spec_.mounts.push_back({view.path, view.path, Access::kReadWrite});
    }
    for (const std::string& path : allowed_) {
      const bool open = std::ranges::any_of(opened, [&](const std::string& one) {
        return IsOrBelow(one, path) || IsOrBelow(path, one);
      });
      if (open) continue;
      return Fail(Code::kInvalid,
                  "--allow-write: the policy makes the workspace read-only; {} can be written when "
                  "a rule of it says so too",
                  Printable(path));
    }
    return {};
  }

  // Whether something of the workspace is to be written in something that is not. What the host
  // would run later is not, whoever wrote the policy.
  bool Opens(const FileView& view) {
    if (!view.in_workspace || view.access != FileAccess::kReadWrite ||
        view.path == spec_.workspace) {
      return false;
    }
    const std::string path = view.path.substr(spec_.workspace.size() + 1);
    if (!Guard::IsProtected(path) || IsAmong(allowed_, path)) return true;
    Note(
        fmt::format("{} stays read-only, since programs of the host run what is there; "
                    "--allow-write opens it",
                    Printable(view.path)));
    return false;
  }

  // A mount stands before those below it.
  Status ShapeMounts() {
    for (const Shown& shown : shown_) {
      const auto said = AccessOn(shown.source);
      if (!said || said == FileAccess::kHidden) continue;
      AILERON_TRY(CheckShareable(shown.source, paths_));
      const Access access = said == FileAccess::kReadOnly ? Access::kReadOnly : Access::kReadWrite;
      if (FileCovers(spec_).Shows(shown.source, shown.target, access)) continue;
      const auto below = std::ranges::find_if(spec_.mounts, [&](const auto& mount) {
        return mount.target != shown.target && IsOrBelow(mount.target, shown.target);
      });
      spec_.mounts.insert(below, {shown.source, shown.target, access});
    }
    return {};
  }

  void PutCovers() {
    const auto hides = [](const FileView& view) { return view.access == FileAccess::kHidden; };
    // Of the host's root a folder is emptied before anything is mounted in it.
    for (const FileView& view : views_ | std::views::filter(hides)) {
      if (os::IsFolder(view.path) && FileCovers(spec_).ShowsOfRoot(view.path))
        spec_.hidden.push_back(view.path);
    }
    FileCovers covers(spec_);
    for (const FileView& view : views_) {
      if (hides(view)) {
        covers.Hide(view.path);
      } else if (view.access == FileAccess::kReadOnly) {
        covers.Close(view.path);
      } else if (Opens(view)) {
        covers.Open(view.path);
      }
    }
    into_.covers = covers.Take();
  }

  const os::Paths& paths_;
  const std::vector<std::string>& allowed_;  // what --allow-write names in the workspace
  sandbox::Spec& spec_;
  PolicyPlan& into_;
  std::vector<std::string> writable_;  // folders of the host that this or another agent may write
  std::set<std::string> missing_;
  std::set<Shown> shown_;  // outside of the workspace
  std::vector<FileView> views_;
};

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

Result<PolicyPlan> ApplyPolicy(const os::Paths& paths, Plan& plan, Options& options,
                               const std::vector<std::string>& allowed) {
  PolicyPlan found;
  found.project = trust::FindProject(plan.spec.workspace, paths.home).value_or("");
  AILERON_ASSIGN(const trust::Texts texts, trust::ReadTexts(paths, found.project));
  AILERON_ASSIGN(const trust::Loaded loaded, trust::Load(paths, texts, plan.command.front(),
                                                         policy::ParseProfile(options.profile)));
  policy::Merged merged = policy::Merge(loaded.layers);
  AILERON_TRY(FileShaper(paths, allowed, plan, found).Shape(merged.files));
  AILERON_TRY(AddServices(merged, plan, options, found));
  found.passing = {.pass = std::move(merged.pass), .scrub = std::move(merged.scrub)};
  if (merged.approvals.hold && !options.hold_given && !options.unattended) {
    options.hold = std::chrono::duration_cast<std::chrono::seconds>(*merged.approvals.hold);
  }
  NoteWithheld(loaded, found);
  NoteScrubbed(options, found);
  return found;
}

}  // namespace aileron::launch
