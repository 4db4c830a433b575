// Tested by tests/shim/test_api.py.

// The sandbox's API: GET /v1/session
#include <nlohmann/json.hpp>

#include "daemon/routes.h"
#include "daemon/sandbox_api.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

// Who asks, as the daemon sees it: for a program that wants to know that it is in a sandbox.
Reply Whoami(const Api& api, const Request& request) {
  const auto session = api.sessions.Get(request.session);
  if (!session) return Problem(session.error());
  return JsonReply(200, {{"id", session->id},
                         {"workspace", session->workspace},
                         {"driver", session->driver},
                         {"tier", session->tier},
                         {"profile", session->profile},
                         {"started", FormatTime(session->started)}});
}

}  // namespace

void AddSandboxRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/session", BodyKind::kNone,
             WithToken(api, session::kListTools, [&api](const Request& request, Responder answer) {
               answer.Send(Whoami(api, request));
             }));
}

}  // namespace aileron::daemon
