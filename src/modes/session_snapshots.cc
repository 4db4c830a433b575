// Tested by tests/launch/test_snapshots.py.

// aileron session snapshot, snapshots, fork: second ones of kept sessions.
#include <unistd.h>

#include "base/text.h"
#include "changes/store.h"
#include "modes/api.h"
#include "modes/progress_bar.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

using changes::Copy;

Json JsonOf(const Copy& copy) {
  return {{"id", copy.session},
          {"name", copy.facts.name},
          {"of", copy.facts.origin},
          {"workspace", copy.facts.workspace},
          {"image", copy.facts.image}};
}

std::expected<Copy, Failure> Made(const os::Paths& paths, const std::string& of, changes::As as,
                                  const std::string& name) {
  const auto failed = [](Error error) {
    const int code = error.code == Code::kInvalid ? kExitUsage : kExitFailure;
    return std::unexpected(Failure(code, std::move(error)));
  };
  auto source = changes::Find(paths, of);
  if (!source) return failed(std::move(source.error()));
  const std::uint64_t all = isatty(STDERR_FILENO) != 0 ? changes::SizeOf(*source) : 0;
  ProgressBar bar("Copying");
  auto made = changes::Duplicate(paths, *source, as, name,
                                 [&](std::uint64_t bytes) { bar.Show(bytes, all); });
  if (!made) return failed(std::move(made.error()));
  return *std::move(made);
}

Outcome RunSnapshot(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  const std::string name = parsed.arguments.size() > 1 ? parsed.arguments[1] : "";
  AILERON_ASSIGN(const Copy made,
                 Made(paths, parsed.arguments.at(0), changes::As::kSnapshot, name));
  AILERON_TRY(Print(parsed.Has("--json") ? Pretty(JsonOf(made)) : made.session + "\n"));
  return 0;
}

Outcome RunFork(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const Copy made, Made(paths, parsed.arguments.at(0), changes::As::kSession, ""));
  AILERON_TRY(Print(parsed.Has("--json") ? Pretty(JsonOf(made)) : made.session + "\n"));
  if (isatty(STDOUT_FILENO) != 0)
    PrintNote(fmt::format("\"aileron launch --resume {}\" goes on with it", made.session));
  return 0;
}

Outcome RunSnapshots(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  Json list = Json::array();
  Grid grid({"SNAPSHOT", "NAME", "OF", "SIZE", "WORKSPACE"});
  for (const Copy& copy : changes::List(paths)) {
    if (!copy.facts.snapshot) continue;
    const std::uint64_t bytes = changes::SizeOf(copy);
    list.push_back(JsonOf(copy));
    list.back()["bytes"] = bytes;
    grid.Add({copy.session, copy.facts.name, copy.facts.origin, Bytes(bytes),
              Printable(copy.facts.workspace)});
  }
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(list)));
  } else if (list.empty()) {
    PrintNote("no snapshot; \"aileron session snapshot SESSION\" makes one");
  } else {
    PrintGrid(grid);
  }
  return 0;
}

}  // namespace

Command SessionSnapshotCommand() {
  return {
      .name = "snapshot",
      .summary = "Keep a kept session as it is now",
      .text =
          "Of a session that was launched with --keep and does not run: its home, its /tmp and its "
          "copy of the workspace, copied, or shared where the file system can. A snapshot stays as "
          "it is: \"aileron session fork\" makes sessions of it, \"aileron session remove\" frees "
          "it. Prints its id.",
      .flags = {kJsonFlag},
      .arguments = {{"SESSION", "The session's id"},
                    {"NAME", "What it is called besides", Arity::kOptional}},
      .examples = {{"aileron session snapshot 01KB0S5C8T3V9PAHD0QW6KFZ3M before-the-upgrade", ""}},
      .run = RunSnapshot};
}

Command SessionSnapshotsCommand() {
  return {.name = "snapshots",
          .summary = "List snapshots of sessions",
          .flags = {kJsonFlag},
          .run = RunSnapshots};
}

Command SessionForkCommand() {
  return {.name = "fork",
          .summary = "Make another session of a kept one, or of a snapshot",
          .text =
              "The new one has all that the other has, and goes its own way: \"aileron launch "
              "--resume\" goes on with either. Prints its id.",
          .flags = {kJsonFlag},
          .arguments = {{"SESSION", "A session's id, or a snapshot's id or name"}},
          .examples = {{"aileron launch --resume $(aileron session fork before-the-upgrade)", ""}},
          .run = RunFork};
}

}  // namespace aileron::modes
