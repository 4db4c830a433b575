// SandboxApi: what a sandbox can ask the daemon for, over https://aileron.internal/v1.
//
//   agent ── TLS ──> worker ── a socket that the daemon made ──> here
//
// The connection says which session asks, since the daemon made it for that session's worker; the
// token must be of the same session, which runs, and list what the route needs. No route here
// decides an approval, reads the vault or changes a rule, and no route of the control API is
// served.
#pragma once

#include <functional>
#include <string>

#include "daemon/control_server.h"
#include "daemon/router.h"
#include "daemon/routes.h"

namespace aileron::daemon {

class SandboxApi {
 public:
  SandboxApi(net::Loop& loop, Api& api);

  // A new connection for the session: the end that its worker gets. kUnavailable when it has too
  // many.
  Result<os::Fd> Connect(const std::string& session);

 private:
  Router router_;
  OwnUserGate gate_;
  ControlServer server_;
};

// The handler behind a check of the request's token; the request is answered with a problem
// document when it fails. `capability` is one of session/token.h's.
Handler WithToken(Api& api, std::string_view capability, Handler handler);

}  // namespace aileron::daemon
