// Tested by tests/launch/test_lifetime.py.

#include <unistd.h>

#include "base/text.h"
#include "modes/api.h"
#include "modes/kept_sessions.h"
#include "modes/service_text.h"
#include "modes/session_text.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

std::string PathOf(const Parsed& parsed) {
  return fmt::format("/v1/sessions/{}", PercentEncode(parsed.arguments.at(0)));
}

// Those that run, those of which something is kept, and with --all the others.
Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(control::Client client, Connected());
  const bool all = invocation.parsed.Has("--all");
  const std::vector<KeptSession> kept = KeptSessions(paths);
  AILERON_ASSIGN(const Json answer,
                 GetJson(client, all || !kept.empty() ? "/v1/sessions?all=1" : "/v1/sessions"));
  const Json sessions =
      WithKept(ListOf(answer, "sessions"), kept, all ? Which::kAll : Which::kLive);
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(sessions)));
  } else if (sessions.empty()) {
    PrintNote(all ? "no session yet" : "no session runs; --all lists those that ended");
  } else {
    PrintGrid(SessionGrid(sessions));
  }
  return 0;
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json session, GetJson(client, PathOf(invocation.parsed)));
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(session)));
    return 0;
  }
  AILERON_TRY(Print(SessionText(session, ColourOf(STDOUT_FILENO))));
  if (Grid services = SessionServiceGrid(SessionServices(Json::array({session})));
      !services.empty()) {
    AILERON_TRY(Print("\n"));
    PrintGrid(services);
  }
  return 0;
}

Outcome RunWatch(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  const bool json = invocation.parsed.Has("--json");
  const Colour colour = ColourOf(STDOUT_FILENO);
  AILERON_TRY(client.Events(
      PathOf(invocation.parsed) + "/events",
      [&](const control::Event& event) -> Result<control::Flow> {
        if (event.name == "end") return control::Flow::kStop;
        AILERON_ASSIGN(const Json record, ParseJson(event.data, "an event of the daemon"));
        AILERON_TRY(Print(json ? Compact(record) + "\n" : AuditLine(record, colour)));
        return control::Flow::kContinue;
      }));
  return 0;
}

Outcome RunStop(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_TRY(client.Call({.method = "DELETE", .path = PathOf(invocation.parsed)}));
  return 0;
}

}  // namespace

Command SessionVerb() {
  const Argument session{"SESSION", "The session's id, as \"aileron session list\" shows it"};
  return {
      .commands = {
          {.name = "list",
           .summary = "List running sessions, and those that left something",
           .text =
               "KEPT is what is left of a session on the disk: a copy of its workspace (\"aileron "
               "session diff\"), and what --keep kept (\"aileron launch --resume\").",
           .flags = {{"--all", "", "Those that ended too"}, kJsonFlag},
           .run = RunList},
          SessionAttachCommand(),
          SessionLogsCommand(),
          SessionExecCommand(),
          SessionDiffCommand(),
          SessionApplyCommand(),
          SessionDiscardCommand(),
          SessionRemoveCommand(),
          SessionSnapshotCommand(),
          SessionSnapshotsCommand(),
          SessionForkCommand(),
          {.name = "show",
           .summary = "Show all that is known of a session",
           .flags = {kJsonFlag},
           .arguments = {session},
           .run = RunShow},
          {.name = "watch",
           .summary = "Follow what a session does",
           .text =
               "Prints each record of the session as it comes, until the session ends or Ctrl-C.",
           .flags = {{"--json", "", "One JSON object a line"}},
           .arguments = {session},
           .run = RunWatch},
          {.name = "stop",
           .summary = "End a session and its sandbox",
           .arguments = {session},
           .run = RunStop}}};
}

}  // namespace aileron::modes
