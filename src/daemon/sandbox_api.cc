// Tested by tests/shim/test_api.py.

#include "daemon/sandbox_api.h"

#include <sys/socket.h>

#include "base/text.h"
#include "os/socket.h"

namespace aileron::daemon {

namespace {

constexpr std::string_view kScheme = "Bearer ";

Refusal NotYours() {
  return {401, "token_refused", "the request carries no token of this session",
          "send \"Authorization: Bearer $AILERON_TOKEN\""};
}

}  // namespace

Handler WithToken(Api& api, std::string_view capability, Handler handler) {
  return [&api, capability, handler = std::move(handler)](Request request, Responder responder) {
    std::string_view text = request.authorization;
    if (!EqualsIgnoreCase(text.substr(0, kScheme.size()), kScheme))
      return responder.Send(Problem(NotYours()));
    text.remove_prefix(kScheme.size());
    const auto token = api.sessions.VerifyToken(text);
    if (!token || token->session_id != request.session || !api.sessions.Running(request.session)) {
      return responder.Send(Problem(NotYours()));
    }
    if (!token->Can(capability)) {
      return responder.Send(
          Problem(Refusal{403, "capability_missing",
                          fmt::format("the session's token does not list {}", capability), ""}));
    }
    handler(std::move(request), std::move(responder));
  };
}

SandboxApi::SandboxApi(net::Loop& loop, Api& api)
    : server_(loop, router_, gate_, limits::kSandboxConnections) {
  AddSandboxRoutes(router_, api);
}

Result<os::Fd> SandboxApi::Connect(const std::string& session) {
  AILERON_ASSIGN(auto ends, os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK));
  AILERON_TRY(server_.Serve(std::move(ends.first), session));
  return std::move(ends.second);
}

}  // namespace aileron::daemon
