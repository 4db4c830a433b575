// Tested by tests/launch/test_resume.py.

#include "launch/lasting.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/below.h"
#include "base/text.h"
#include "changes/change.h"
#include "changes/limits.h"
#include "launch/kept_folders.h"
#include "os/fd.h"
#include "os/mounts.h"
#include "os/remove_tree.h"

namespace aileron::launch {

namespace {

constexpr unsigned kFolderMode = 0700;

std::string CountOf(const Result<std::size_t>& count) {
  if (!count) return "what was changed";
  return *count == 1 ? "1 change" : fmt::format("{} changes", *count);
}

}  // namespace

Status Lasting::Begin(const Options& options, const Plan& plan) {
  if (options.resume.empty()) {
    AILERON_ASSIGN(begun_, changes::Begin(paths_, plan.spec.workspace));
    begun_->facts.kept = options.keep;
    begun_->facts.image = plan.image;
    return {};
  }
  AILERON_ASSIGN(begun_, changes::BeginAgain(paths_, options.resume));
  again_ = true;
  const changes::Facts& facts = begun_->facts;
  if (facts.workspace != plan.spec.workspace) {
    return Fail(Code::kInvalid, "--resume: {} worked in {}, not in {}", options.resume,
                facts.workspace, plan.spec.workspace);
  }
  if (facts.image != plan.image) {
    return Fail(Code::kInvalid,
                "--resume: the root of {} was {}, and this launch has {}; name the same with "
                "--image, or leave it out",
                options.resume, Printable(facts.image), Printable(plan.image));
  }
  return {};
}

// One that the plan has already, a devcontainer's home, outlasts the sandbox by itself.
Status Lasting::Keep(Plan& plan) const {
  std::vector<sandbox::Volume>& volumes = plan.spec.volumes;
  for (const auto& [name, target] :
       {std::pair<const char*, std::string>{"home", plan.identity.home},
        {"tmp", "/tmp"},
        {"vartmp", "/var/tmp"}}) {
    if (std::ranges::find(volumes, target, &sandbox::Volume::target) != volumes.end()) continue;
    const std::string source = fmt::format("{}/{}", begun_->folder, name);
    AILERON_TRY(os::MakeFolders(source, kFolderMode));
    volumes.push_back({.source = source, .target = target});
    // What stands below it needs a place, which the sandbox's first process could not make.
    for (const sandbox::SharedTree& tree : sandbox::SharedTrees(plan.spec)) {
      if (tree.target == target || !IsOrBelow(tree.target, target)) continue;
      const bool folder = tree.source.empty() || os::IsFolder(tree.source);
      AILERON_TRY(MakePlaceIn(source, tree.target.substr(target.size() + 1),
                              folder ? os::FileKind::kFolder : os::FileKind::kFile));
    }
  }
  // What lies in another one comes after it.
  std::ranges::sort(volumes, {}, &sandbox::Volume::target);
  return {};
}

Result<Lasting> Lasting::Make(const Options& options, const os::Paths& paths, Plan& plan) {
  Lasting lasting(paths);
  if (!options.workspace_copy && !options.keep && options.resume.empty()) return lasting;
  AILERON_TRY(lasting.Begin(options, plan));
  changes::Begun& begun = *lasting.begun_;
  if (options.workspace_copy || begun.facts.copies) {
    AILERON_TRY(changes::MakeCopy(begun));
    plan.spec.workspace_changes = begun.folder;
  }
  if (begun.facts.kept) AILERON_TRY(lasting.Keep(plan));
  return lasting;
}

Lasting::~Lasting() {
  if (begun_ && !again_) (void)os::RemoveTree(begun_->folder);
}

Status Lasting::Name(const std::string& session) {
  return begun_ ? changes::NameIt(*begun_, session) : Status();
}

std::vector<std::string> Lasting::Finish() {
  if (!begun_) return {};
  // With its lock to the end: whoever resumes it meanwhile would lose the copy.
  const changes::Begun begun = *std::exchange(begun_, std::nullopt);
  const changes::Facts& facts = begun.facts;
  std::vector<std::string> lines;
  const auto copy = changes::Find(paths_, facts.session);
  if (facts.copied && copy) {
    const auto count = [&]() -> Result<std::size_t> {
      AILERON_ASSIGN(const changes::Opened opened, changes::Open(*copy));
      AILERON_ASSIGN(const auto all, changes::Compare(opened.upper, opened.host,
                                                      {.paths = {}, .since_ns = facts.since_ns},
                                                      changes::limits::kChanges));
      return all.size();
    }();
    if (count && *count == 0) {
      (void)changes::RemoveCopy(paths_, *copy);
      lines.emplace_back("nothing was changed in the copy of the workspace");
    } else {
      lines.push_back(fmt::format(
          "{} in the copy of the workspace: \"aileron session diff {}\" shows it, \"aileron "
          "session apply\" and \"discard\" decide",
          CountOf(count), facts.session));
    }
  }
  if (facts.kept) {
    lines.push_back(fmt::format(
        "its home and /tmp are kept: \"aileron launch --resume {}\" goes on with them, \"aileron "
        "session remove\" frees them",
        facts.session));
  }
  return lines;
}

}  // namespace aileron::launch
