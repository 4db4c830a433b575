// Tested by tests/launch/test_cli.py.

#include <unistd.h>

#include "modes/api.h"
#include "modes/service_text.h"
#include "modes/session_text.h"
#include "modes/status_text.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunStatus(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(std::optional<control::Client> client, control::ConnectIfRunning(paths));
  Json status = {{"running", false}};
  Json sessions = Json::array();
  if (client) {
    AILERON_TRY(control::CheckVersion(*client));
    AILERON_ASSIGN(status, GetJson(*client, "/v1/status"));
    AILERON_ASSIGN(const Json answer, GetJson(*client, "/v1/sessions"));
    status["running"] = true;
    sessions = ListOf(answer, "sessions");
  }
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"daemon", status}, {"sessions", sessions}})));
    return 0;
  }
  AILERON_TRY(Print(DaemonStatusText(status, ColourOf(STDOUT_FILENO))));
  if (!sessions.empty()) {
    AILERON_TRY(Print("\n"));
    PrintGrid(SessionGrid(sessions));
  }
  if (Grid services = SessionServiceGrid(SessionServices(sessions)); !services.empty()) {
    AILERON_TRY(Print("\n"));
    PrintGrid(services);
  }
  return 0;
}

}  // namespace

Command StatusVerb() {
  return {.text = "Starts nothing: a daemon that does not run is shown as such.",
          .flags = {kJsonFlag},
          .run = RunStatus};
}

}  // namespace aileron::modes
