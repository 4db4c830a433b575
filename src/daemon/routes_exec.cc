// Tested by tests/launch/test_exec.py.

// /v1/sessions/{id}/exec: a command of a person's beside the agent.
#include <nlohmann/json.hpp>

#include "daemon/limits.h"
#include "daemon/routes.h"
#include "daemon/session_exec.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Result<const LiveSession*> LiveOf(const Api& api, const std::string& id) {
  if (const LiveSession* live = api.sessions.Find(id); live != nullptr) return live;
  AILERON_ASSIGN(const session::Session known, api.sessions.Get(id));
  return Fail(Code::kUnavailable, "session {} is {}, not running", id, StateName(known.state));
}

void Run(Api& api, Request request, const Responder& responder) {
  const auto live = LiveOf(api, request.parameter("id"));
  if (!live) return responder.Send(Problem(live.error()));
  if (request.descriptors.size() != 1) {
    return responder.Send(
        Problem(Refusal{400, "bad_channel",
                        fmt::format("a command is run with one descriptor, a socket of its client; "
                                    "{} came",
                                    request.descriptors.size()),
                        "run \"aileron exec\""}));
  }
  const auto exec = ParseExec(request.body);
  if (!exec) return responder.Send(Problem(exec.error()));
  if (!api.audit.healthy()) {
    return responder.Send(
        Problem(Error{Code::kUnavailable, "nothing is run while the audit log cannot be written. " +
                                              api.audit.problem()}));
  }
  std::string line = ExecLine(*exec, (*live)->sentinels());
  json word = ExecWord(*exec, line);
  if (JsonText(word).size() > limits::kExecWord) {
    return responder.Send(
        Problem(Error{Code::kInvalid, "the command and its environment are too long"}));
  }
  api.sessions.ServicesOf(request.parameter("id"))
      ->Ask(std::move(word), std::move(request.descriptors.front()),
            [responder, &api, id = request.parameter("id"),
             line = std::move(line)](const Result<std::string>& taken) {
              api.audit.Event("session.exec", taken ? "allow" : "deny",
                              taken ? line : fmt::format("{}: {}", line, taken.error().message),
                              id);
              responder.Send(taken ? JsonReply(201, {{"session", id}}) : Problem(taken.error()));
            });
}

}  // namespace

void AddExecRoutes(Router& router, Api& api) {
  router.Add(
      "POST", "/v1/sessions/{id}/exec", BodyKind::kJson,
      [&api](Request request, Responder responder) { Run(api, std::move(request), responder); });
}

}  // namespace aileron::daemon
