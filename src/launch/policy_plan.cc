// Tested by tests/policy/test_policy_launch.py.
#include "launch/policy_plan.h"

#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include "base/below.h"
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

// The same error, told with the place in a file of what it is about.
std::unexpected<Error> At(std::string_view file, policy::Place place, Error error) {
  error.message = policy::FailAt(Printable(file), place, error.message).error().message;
  return std::unexpected(std::move(error));
}

// A devcontainer.json that has another name than those which are protected anyway; and files of the
// workspace that trusted commands of the host name: who trusted those saw what these were.
std::vector<std::string> NamedFiles(const ContainerOptions& container,
                                    const std::string& workspace) {
  constexpr std::string_view between = " \t\n;&|()<>\"'`=$";
  std::vector<std::string> files;
  const std::string& file = container.file;
  if (!file.empty() && IsOrBelow(file, workspace) &&
      !Guard::IsProtected(std::string_view(file).substr(workspace.size() + 1))) {
    files.push_back(file);
  }
  for (const auto& group : container.initialize) {
    for (const sandbox::Step& step : group) {
      const std::string line = Join(step.command, " ");
      for (std::string_view rest = line; !rest.empty();) {
        const std::size_t end = std::min(rest.find_first_of(between), rest.size());
        const std::string word(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto real =
            RealPath(word.starts_with('/') ? word : fmt::format("{}/{}", workspace, word));
        if (real && IsOrBelow(*real, workspace) && !os::IsFolder(*real)) files.push_back(*real);
      }
    }
  }
  return files;
}

// Rules about files, carried out on a plan. A rule is about what stands there, not about the link
// by whose name it is called; but a link that an agent may have made opens and shows nothing.
class FileShaper {
 public:
  FileShaper(const os::Paths& paths, const policy::FileRoots& roots,
             const std::vector<std::string>& allowed, Plan& plan, PolicyPlan& into)
      : paths_(paths), roots_(roots), allowed_(allowed), spec_(plan.spec), into_(into) {}

  // `closed` are files of the workspace that are read-only besides.
  Status Shape(const std::vector<policy::FileLayer>& layers,
               const std::vector<std::string>& closed) {
    const bool read_only = spec_.workspace_access == Access::kReadOnly;
    views_ = policy::PlanFiles(Resolve(layers), roots_,
                               read_only ? FileAccess::kReadOnly : FileAccess::kReadWrite);
    for (const FileView& view : views_) {
      if (missing_.contains(view.path)) NoteMissing(view);
    }
    std::erase_if(views_, [&](const FileView& view) { return missing_.contains(view.path); });
    NarrowMounts();
    AILERON_TRY(ShapeWorkspace());
    AILERON_TRY(ShapeMounts());
    PutCovers(closed);
    return {};
  }

 private:
  struct Shown {
    std::string target;  // as it is written
    std::string source;  // where that leads
    auto operator<=>(const Shown&) const = default;
  };

  // Where a path leads, looked at once.
  const std::optional<std::string>& Real(const std::string& path) {
    const auto [at, fresh] = real_.try_emplace(path);
    if (fresh) at->second = RealPath(path);
    return at->second;
  }

  void Note(std::string note) {
    if (std::ranges::find(into_.notes, note) == into_.notes.end())
      into_.notes.push_back(std::move(note));
  }

  void NoteMissing(const FileView& view) {
    const std::string rule = fmt::format("{}:{}", Printable(view.file), view.place.line);
    if (view.in_workspace) {
      Note(fmt::format("{}: {} is not there, and so will not be {} when it comes", rule,
                       Printable(view.path), Name(view.access)));
    } else if (view.access != FileAccess::kHidden) {
      Note(fmt::format("{}: {} is not there, and so not shown to the agent", rule,
                       Printable(view.path)));
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
        rule = policy::PlacedRule(std::move(rule), layer.folder, roots_);
        const auto& real = Real(rule.path);
        const bool opens = layer.reach == policy::Reach::kFull && !rule.narrows && real &&
                           rule.access == FileAccess::kReadWrite;
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
    const auto& real = Real(written);
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
    if (outside && reach == policy::Reach::kFull && !rule.narrows) shown_.insert({written, *real});
    return Holds::kYes;
  }

  // Whether the path comes through a folder that an agent may write, and goes on by a link in it.
  bool LedByAgent(const std::string& written, const std::string& real) {
    for (std::size_t slash = written.find('/', 1); slash != std::string::npos;
         slash = written.find('/', slash + 1)) {
      const auto& folder = Real(written.substr(0, slash));
      const bool writable = folder && std::ranges::any_of(writable_, [&](const std::string& place) {
                              return IsOrBelow(*folder, place);
                            });
      if (writable) return *folder + written.substr(slash) != real;
    }
    return false;
  }

  // The deepest that speaks of the path; null where none does.
  const FileView* On(std::string_view path) const {
    for (auto view = views_.rbegin(); view != views_.rend(); ++view) {
      if (IsOrBelow(path, view->path)) return &*view;
    }
    return nullptr;
  }

  // A mount of the command line shows no more than the policy lets be seen.
  void NarrowMounts() {
    std::erase_if(spec_.mounts, [&](sandbox::MountRequest& mount) {
      const FileView* said = On(mount.source);
      if (said == nullptr) return false;
      if (said->access == FileAccess::kReadOnly) mount.access = Access::kReadOnly;
      if (said->access != FileAccess::kHidden) return false;
      Note(fmt::format("{} is not mounted, since the policy hides {}", Printable(mount.target),
                       Printable(mount.source)));
      return true;
    });
  }

  Status ShapeWorkspace() {
    const FileView* said = On(spec_.workspace);
    if (said != nullptr && said->access == FileAccess::kHidden) {
      return At(
          said->file, said->place,
          {Code::kInvalid, fmt::format("this hides the whole workspace {}; go to another folder",
                                       Printable(spec_.workspace))});
    }
    if (said != nullptr && said->access == FileAccess::kReadOnly)
      spec_.workspace_access = Access::kReadOnly;
    if (spec_.workspace_access == Access::kReadWrite) return {};
    // Mounts of their own, which the second wall lets the agent write to as well.
    std::vector<std::string> opened;
    for (const FileView& view : views_) {
      if (!Opens(view)) continue;
      const std::string path = view.path.substr(spec_.workspace.size() + 1);
      if (IsAmong(opened, path)) continue;
      opened.push_back(path);
      spec_.mounts.push_back({view.path, spec_.Inside(view.path), Access::kReadWrite});
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

  // Whether something of the workspace is to be written in something that is not, …
  bool WouldOpen(const FileView& view) const {
    return view.in_workspace && view.access == FileAccess::kReadWrite &&
           view.path != spec_.workspace;
  }
  // … and may be: what the host would run later may not, whoever wrote the policy.
  bool Opens(const FileView& view) const {
    if (!WouldOpen(view)) return false;
    const std::string path = view.path.substr(spec_.workspace.size() + 1);
    return !Guard::IsProtected(path) || IsAmong(allowed_, path);
  }

  // A mount stands before those below it.
  Status ShapeMounts() {
    for (const Shown& shown : shown_) {
      const FileView* said = On(shown.source);
      if (said == nullptr || said->access == FileAccess::kHidden) continue;
      if (const Status shareable = CheckShareable(shown.source, paths_); !shareable) {
        return At(said->file, said->place, shareable.error());
      }
      const Access access =
          said->access == FileAccess::kReadOnly ? Access::kReadOnly : Access::kReadWrite;
      if (FileCovers(spec_).Shows(shown.source, shown.target, access)) continue;
      const auto below = std::ranges::find_if(spec_.mounts, [&](const auto& mount) {
        return mount.target != shown.target && IsOrBelow(mount.target, shown.target);
      });
      spec_.mounts.insert(below, {shown.source, shown.target, access});
    }
    return {};
  }

  void PutCovers(const std::vector<std::string>& closed) {
    const auto hides = [](const FileView& view) { return view.access == FileAccess::kHidden; };
    // Of the host's root a folder is emptied before anything is mounted in it.
    const FileCovers before(spec_);
    for (const FileView& view : views_ | std::views::filter(hides)) {
      const bool below = std::ranges::any_of(
          spec_.hidden, [&](const std::string& folder) { return IsOrBelow(view.path, folder); });
      if (!below && os::IsFolder(view.path) && before.ShowsOfRoot(view.path))
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
      } else if (WouldOpen(view)) {
        Note(
            fmt::format("{} stays read-only, since programs of the host run what is there; "
                        "--allow-write opens it",
                        Printable(view.path)));
      }
    }
    for (const std::string& path : closed) covers.Close(path);
    into_.covers = covers.Take();
  }

  const os::Paths& paths_;
  const policy::FileRoots& roots_;
  const std::vector<std::string>& allowed_;  // what --allow-write names in the workspace
  sandbox::Spec& spec_;
  PolicyPlan& into_;
  std::vector<std::string> writable_;  // folders of the host that this or another agent may write
  std::map<std::string, std::optional<std::string>> real_;
  std::set<std::string> missing_;
  std::set<Shown> shown_;  // outside of the workspace
  std::vector<FileView> views_;
};

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
Status AddServices(const policy::Merged& merged, const policy::FileRoots& roots,
                   const sandbox::Spec& inside, Options& options, PolicyPlan& into) {
  AILERON_TRY(policy::CheckServiceNames(merged));
  for (const policy::PlacedService& placed : merged.services) {
    AILERON_ASSIGN(service::Spec spec, SpecOf(placed, roots));
    if (!IsOrBelow(spec.folder, roots.workspace)) {
      into.notes.push_back(fmt::format(
          "{}:{}: the service {} is left out: its folder {} is not in the workspace",
          Printable(placed.file), placed.entry.place.line, spec.name, Printable(spec.folder)));
      continue;
    }
    spec.folder = inside.Inside(spec.folder);
    into.services.push_back(std::move(spec));
    Publish(placed.entry, options);
  }
  return {};
}

// What a devcontainer.json says beside the policies. Its profile narrows; it takes the place of the
// user's where the file is trusted and the command line names none.
Status AddContainer(const policy::Layers& layers, const sandbox::Spec& inside, Options& options,
                    PolicyPlan& into) {
  const ContainerOptions& container = options.container;
  if (const auto wanted = policy::ParseProfile(container.profile)) {
    const policy::Profile held =
        layers.profile.value_or(layers.user.profile.value_or(policy::Profile::kGuarded));
    const bool replaces = container.trusted && !layers.profile;
    const policy::Profile profile = replaces ? *wanted : std::max(held, *wanted);
    if (replaces || profile != held) options.profile = policy::Name(profile);
    if (*wanted < profile) {
      into.notes.push_back(fmt::format("the profile {} of the devcontainer is not in force: {} is",
                                       container.profile, policy::Name(profile)));
    }
  }
  for (service::Spec spec : container.services) {
    if (std::ranges::find(into.services, spec.name, &service::Spec::name) != into.services.end()) {
      return Fail(Code::kInvalid,
                  "the devcontainer and the policy both have a service {}; give one another name",
                  spec.name);
    }
    AILERON_TRY(service::CheckSpec(spec));
    spec.folder = inside.Inside(spec.folder);
    auto& preferred = options.publishing.preferred;
    preferred.insert(preferred.end(), spec.ports.begin(), spec.ports.end());
    into.services.push_back(std::move(spec));
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

// Behind what an image puts before it.
const std::string& Launched(const Options& options, const Plan& plan) {
  return options.command.empty() ? plan.command.front() : options.command.front();
}

}  // namespace

Result<PolicyPlan> ApplyPolicy(const os::Paths& paths, Plan& plan, Options& options,
                               const std::vector<std::string>& allowed) {
  PolicyPlan found;
  found.project = trust::FindProject(plan.spec.workspace, paths.home);
  AILERON_ASSIGN(const trust::Texts texts, trust::ReadTexts(paths, found.project));
  AILERON_ASSIGN(const trust::Loaded loaded, trust::Load(paths, texts, Launched(options, plan),
                                                         policy::ParseProfile(options.profile)));
  policy::Merged merged = policy::Merge(loaded.layers);
  const policy::FileRoots roots{.workspace = plan.spec.workspace, .home = paths.home};
  AILERON_TRY(FileShaper(paths, roots, allowed, plan, found)
                  .Shape(merged.files, NamedFiles(options.container, plan.spec.workspace)));
  AILERON_TRY(AddServices(merged, roots, plan.spec, options, found));
  AILERON_TRY(AddContainer(loaded.layers, plan.spec, options, found));
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
