// Tested by tests/launch/test_workspace_copy.py.

// aileron session diff, apply, discard: what an agent changed in a copy of its workspace.
#include <unistd.h>

#include <algorithm>

#include "base/below.h"
#include "base/text.h"
#include "changes/apply.h"
#include "changes/change.h"
#include "changes/limits.h"
#include "changes/store.h"
#include "launch/protected_change.h"
#include "modes/api.h"
#include "modes/changes_text.h"
#include "modes/session_patch.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

using changes::Change;
using changes::Clash;
using changes::Copy;
using changes::Type;

constexpr std::string_view kGit = ".git/";

std::expected<Copy, Failure> CopyOf(const os::Paths& paths, const std::string& session) {
  auto copy = changes::FindCopy(paths, session);
  if (copy) return *std::move(copy);
  const int code = copy.error().code == Code::kInvalid ? kExitUsage : kExitFailure;
  return std::unexpected(Failure(code, std::move(copy.error())));
}

// The same, to be changed: a snapshot is not.
std::expected<Copy, Failure> CopyToDecide(const os::Paths& paths, const std::string& session) {
  AILERON_ASSIGN(Copy copy, CopyOf(paths, session));
  if (auto decided = changes::CheckNoSnapshot(copy, session); !decided)
    return std::unexpected(Failure(kExitUsage, std::move(decided.error())));
  return copy;
}

// The one that is named, else the newest one of the workspace that this is in.
std::expected<Copy, Failure> CopyWanted(const os::Paths& paths, const Parsed& parsed) {
  if (!parsed.arguments.empty()) return CopyOf(paths, parsed.arguments[0]);
  AILERON_ASSIGN(const std::string here, os::CurrentFolder());
  std::vector<Copy> copies = changes::List(paths);
  std::erase_if(copies, [&](const Copy& copy) {
    return !copy.facts.copied || copy.facts.snapshot || !IsOrBelow(here, copy.facts.workspace);
  });
  if (!copies.empty()) return copies.back();
  return std::unexpected(
      Failure(Error{Code::kNotFound,
                    "no session has changes in a copy of this folder; name a SESSION, as \"aileron "
                    "session list --all\" shows them, or launch with --workspace=overlay"}));
}

// Why a change is not applied by itself, in a few words.
std::string HeldBy(const Change& change, const Copy& copy, launch::ProtectedChanges& is_protected) {
  const std::string& path = change.path;
  const std::string name = path.substr(path.rfind('/') + 1);
  if (change.after.type == Type::kSpecial || name == changes::TemporaryName(copy))
    return "cannot be applied";
  if (change.clash == Clash::kChanged) return "changed on the host";
  if (change.clash == Clash::kRemoved) return "removed on the host";
  return is_protected.Holds(change) ? "protected" : "";
}

std::expected<std::vector<Change>, Failure> ChangesIn(const Copy& copy,
                                                      const changes::Opened& opened,
                                                      std::vector<std::string> paths) {
  auto all = changes::Compare(opened.upper, opened.host,
                              {.paths = std::move(paths), .since_ns = copy.facts.since_ns},
                              changes::limits::kChanges);
  if (!all) return std::unexpected(Failure(std::move(all.error())));
  return *std::move(all);
}

std::string OfGitLine(std::size_t count, Colour colour) {
  return fmt::format(
      "{}{}\n", Paint(colour, Style::kYellow, "M .git/"),
      Paint(colour, Style::kDim,
            fmt::format("  {} of the repository's own files (--all shows them)", count)));
}

Outcome RunDiff(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const Copy copy, CopyWanted(paths, parsed));
  AILERON_ASSIGN(const changes::Opened opened, changes::Open(copy));
  AILERON_ASSIGN(const std::vector<Change> all, ChangesIn(copy, opened, {}));
  launch::ProtectedChanges is_protected(opened.upper, opened.host);
  if (parsed.Has("--json")) {
    Json list = Json::array();
    for (const Change& change : all)
      list.push_back(ChangeJson({change, HeldBy(change, copy, is_protected)}));
    AILERON_TRY(Print(Pretty({{"session", copy.session},
                              {"workspace", copy.facts.workspace},
                              {"running", copy.running},
                              {"changes", std::move(list)}})));
    return 0;
  }
  const Colour colour = ColourOf(STDOUT_FILENO);
  if (parsed.Has("--patch")) {
    std::vector<Change> shown = all;
    if (!parsed.Has("--all")) {
      std::erase_if(shown, [&](const Change& change) {
        return change.path.starts_with(kGit) && HeldBy(change, copy, is_protected).empty();
      });
    }
    if (shown.size() != all.size())
      PrintNote(fmt::format("left out: {} of the repository's own files (--all shows them)",
                            all.size() - shown.size()));
    AILERON_TRY(PrintPatch(opened, shown, colour));
    return 0;
  }
  const bool whole = parsed.Has("--null") || parsed.Has("--name-only") || parsed.Has("--all");
  std::string text;
  std::size_t of_git = 0;
  for (const Change& change : all) {
    const ToldChange told{change, HeldBy(change, copy, is_protected)};
    // A commit is dozens of files that say nothing to a person.
    if (!whole && told.held.empty() && change.path.starts_with(kGit)) {
      ++of_git;
    } else if (parsed.Has("--null")) {
      text.append(change.path).push_back('\0');
    } else if (parsed.Has("--name-only")) {
      text += Printable(change.path) + "\n";
    } else {
      text += parsed.Has("--stat") ? StatLine(told) : ChangeLine(told, colour);
    }
  }
  if (of_git != 0) text += OfGitLine(of_git, colour);
  const bool names = parsed.Has("--null") || parsed.Has("--name-only");
  if (!all.empty() && !names) text += ChangesSummary(all) + "\n";
  AILERON_TRY(Print(text));
  if (all.empty()) PrintNote("nothing is different from the workspace");
  return 0;
}

// Relative to the workspace, or an absolute path in it.
std::expected<std::vector<std::string>, Failure> PathsIn(const Parsed& parsed, const Copy& copy) {
  std::vector<std::string> paths;
  for (std::size_t i = 1; i < parsed.arguments.size(); ++i) {
    std::string_view path = parsed.arguments[i];
    const std::string top = copy.facts.workspace + "/";
    if (path.starts_with(top)) path.remove_prefix(top.size());
    auto normal = changes::NormalPath(path);
    if (!normal) return std::unexpected(Failure(kExitUsage, std::move(normal.error())));
    paths.push_back(*std::move(normal));
  }
  return paths;
}

struct Sorted {
  std::vector<Change> apply;
  std::vector<std::pair<Change, std::string>> held;
  bool clashes = false;
};

Sorted Sort(std::vector<Change> all, const Copy& copy, const Parsed& parsed,
            launch::ProtectedChanges& is_protected) {
  Sorted sorted;
  for (Change& change : all) {
    std::string held = HeldBy(change, copy, is_protected);
    const bool clash = change.clash != Clash::kNone && change.after.type != Type::kSpecial;
    if (clash && parsed.Has("--force")) held = is_protected.Holds(change) ? "protected" : "";
    if (held == "protected" && parsed.Has("--protected")) held.clear();
    sorted.clashes = sorted.clashes || (clash && !parsed.Has("--force"));
    if (held.empty()) {
      sorted.apply.push_back(std::move(change));
    } else {
      sorted.held.emplace_back(std::move(change), std::move(held));
    }
  }
  return sorted;
}

// Lines for standard error.
void TellHeld(const Sorted& sorted) {
  for (const auto& [change, why] : sorted.held)
    PrintNote(fmt::format("left out: {}: {}", Printable(change.path), why));
}

Outcome RunApply(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const Copy copy, CopyToDecide(paths, parsed.arguments.at(0)));
  AILERON_ASSIGN(const std::vector<std::string> wanted, PathsIn(parsed, copy));
  auto lock = changes::Hold(copy);
  if (!lock) return std::unexpected(Failure(kExitFailure, std::move(lock.error())));
  AILERON_ASSIGN(const changes::Opened opened, changes::Open(copy));
  changes::CleanUp(copy, opened.host);
  AILERON_ASSIGN(std::vector<Change> all, ChangesIn(copy, opened, wanted));
  launch::ProtectedChanges is_protected(opened.upper, opened.host);
  const Sorted sorted = Sort(std::move(all), copy, parsed, is_protected);
  TellHeld(sorted);
  if (sorted.clashes) {
    return std::unexpected(Failure(
        kExitFailure,
        Error{
            Code::kUnavailable,
            "the host changed the same, and nothing was applied. Name the paths that you want, or "
            "take the agent's with --force"}));
  }
  if (parsed.Has("--dry-run")) {
    for (const Change& change : sorted.apply)
      AILERON_TRY(Print(ChangeLine({change, ""}, ColourOf(STDOUT_FILENO))));
    return sorted.held.empty() ? 0 : kExitFailure;
  }
  const changes::Applying applying{
      .upper = opened.upper,
      .host = opened.host,
      .temporary = changes::TemporaryName(copy),
      .note = [&](const std::string& folder) { return changes::NoteApplying(copy, folder); }};
  AILERON_ASSIGN(const std::vector<changes::Left> left, changes::Apply(applying, sorted.apply));
  changes::CleanUp(copy, opened.host);
  for (const changes::Left& one : left)
    PrintNote(fmt::format("not applied: {}: {}", Printable(one.path), one.why));
  const auto rest = ChangesIn(copy, opened, {});
  const std::size_t done = sorted.apply.size() - left.size();
  const std::string applied = fmt::format("{} {} applied", done, done == 1 ? "change" : "changes");
  if (rest && rest->empty()) {
    AILERON_TRY(changes::RemoveCopy(paths, copy));
    PrintNote(applied + "; the copy was removed");
  } else {
    PrintNote(
        fmt::format("{}; \"aileron session diff {}\" shows the rest, \"aileron session "
                    "discard {}\" removes it",
                    applied, copy.session, copy.session));
  }
  return left.empty() && sorted.held.empty() ? 0 : kExitFailure;
}

// Of one that is to be removed: work that nobody has decided about.
std::expected<void, Failure> CheckDecided(const Copy& copy) {
  // Of a snapshot, the session's own copy is what is decided about.
  if (!copy.facts.copied || copy.facts.snapshot) return {};
  const auto opened = changes::Open(copy);
  const bool decided = [&] {
    if (!opened) return false;
    const auto rest = ChangesIn(copy, *opened, {});
    return rest && rest->empty();
  }();
  if (decided) return {};
  return std::unexpected(Failure(
      kExitFailure,
      Error{Code::kUnavailable, fmt::format("{} has changes that were not applied. Apply or "
                                            "discard them, or remove it with --force",
                                            copy.session)}));
}

Outcome RunRemove(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  for (const std::string& session : invocation.parsed.arguments) {
    auto copy = changes::Find(paths, session);
    if (!copy) {
      const int code = copy.error().code == Code::kInvalid ? kExitUsage : kExitFailure;
      return std::unexpected(Failure(code, std::move(copy.error())));
    }
    auto lock = changes::Hold(*copy);
    if (!lock) return std::unexpected(Failure(kExitFailure, std::move(lock.error())));
    if (!invocation.parsed.Has("--force")) AILERON_TRY(CheckDecided(*copy));
    if (const auto opened = changes::Open(*copy)) changes::CleanUp(*copy, opened->host);
    AILERON_TRY(changes::Remove(paths, *copy));
  }
  return 0;
}

Outcome RunDiscard(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  for (const std::string& session : invocation.parsed.arguments) {
    AILERON_ASSIGN(const Copy copy, CopyToDecide(paths, session));
    auto lock = changes::Hold(copy);
    if (!lock) return std::unexpected(Failure(kExitFailure, std::move(lock.error())));
    if (const auto opened = changes::Open(copy)) changes::CleanUp(copy, opened->host);
    AILERON_TRY(changes::RemoveCopy(paths, copy));
  }
  return 0;
}

const Argument kSession{"SESSION", "The session's id"};

}  // namespace

Command SessionDiffCommand() {
  return {
      .name = "diff",
      .summary = "Show what an agent changed in a copy of its workspace",
      .text =
          "Of a session that was launched with --workspace=overlay: what it added (A), modified "
          "(M) and deleted (D), compared with the workspace as it is now. In brackets stands "
          "what \"aileron session apply\" does not carry out by itself: what the host changed "
          "meanwhile, and what it would run later, such as .git/hooks or .envrc.",
      .flags = {{"--name-only", "", "Only the names"},
                {"--stat", "", "With sizes in bytes"},
                {.name = "--patch",
                 .value = "",
                 .summary = "The lines that differ, as git apply takes them",
                 .letter = "-p"},
                {"--all", "", "The repository's own files in .git one by one, too"},
                {.name = "--null",
                 .value = "",
                 .summary = "Names as they are, each ended by NUL",
                 .letter = "-z"},
                kJsonFlag},
      .arguments = {{"SESSION", "If not given, the newest one with a copy of this folder",
                     Arity::kOptional}},
      .run = RunDiff};
}

Command SessionApplyCommand() {
  return {
      .name = "apply",
      .summary = "Bring an agent's changes from the copy into the workspace",
      .text =
          "Nothing is applied when the host changed the same files since the launch, unless "
          "--force says so. What the host would run later is left out, unless --protected "
          "says so; pipes, sockets and devices always are. Files belong to you, and have no "
          "set-id bits. One that was interrupted is finished by another one. When all is "
          "applied the copy is removed. Exits with 1 when something was left out.",
      .flags = {{"--force", "", "Also over what the host changed or removed meanwhile"},
                {"--protected", "", "Also what the host would run later"},
                {.name = "--dry-run",
                 .value = "",
                 .summary = "Only say what would be applied",
                 .letter = "-n"}},
      .arguments = {kSession,
                    {"PATH",
                     "Only these, relative to the workspace, and what is in them",
                     Arity::kAny,
                     {},
                     Completes::kFile}},
      .examples = {{"aileron session apply 01KB0S5C8T3V9PAHD0QW6KFZ3M src", "One folder of it"}},
      .run = RunApply};
}

Command SessionRemoveCommand() {
  return {.name = "remove",
          .summary = "Remove what a session left on the disk",
          .text = "Its kept folders, and its copy of the workspace if nothing in it is undecided.",
          .flags = {{"--force", "", "Also with changes that were not applied"}},
          .arguments = {kSession, {"MORE", "Other sessions' ids", Arity::kAny}},
          .run = RunRemove};
}

Command SessionDiscardCommand() {
  return {.name = "discard",
          .summary = "Remove the copy of a workspace, and an agent's changes with it",
          .arguments = {kSession, {"MORE", "Other sessions' ids", Arity::kAny}},
          .run = RunDiscard};
}

}  // namespace aileron::modes
