// Tested by tests/launch/test_lifetime.py.

// /v1/sessions: open, list, show, stop, watch
#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/limits.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

std::string_view KindName(proxy::ListenerKind kind) {
  switch (kind) {
    case proxy::ListenerKind::kProxy:
      return "proxy";
    case proxy::ListenerKind::kCaptured:
      return "captured";
    case proxy::ListenerKind::kDns:
      return "dns";
    case proxy::ListenerKind::kApi:
      return "api";
  }
  return "captured";
}

// What a pipe holds, whose writer is done. Nobody is waited for.
Result<Secret> ReadSecret(const os::Fd& pipe) {
  if (fcntl(pipe.get(), F_SETFL, O_NONBLOCK) != 0) return os::FailErrno("cannot read a password");
  Secret secret = Secret::OfSize(limits::kPasswordMax);
  const std::span<char> room = secret.RevealWritable();
  const ssize_t size = read(pipe.get(), room.data(), room.size());
  if (size < 0) return os::FailErrno("cannot read a password");
  secret.Truncate(static_cast<std::size_t>(size));
  return secret;
}

json ToJson(const Api& api, const session::Session& session) {
  json object = {{"id", session.id},
                 {"command", session.command},
                 {"workspace", session.workspace},
                 {"driver", session.driver},
                 {"tier", session.tier},
                 {"image", session.image},
                 {"profile", session.profile},
                 {"state", session::StateName(session.state)},
                 {"started", FormatTime(session.started)},
                 {"ended", nullptr},
                 {"exit_code", nullptr},
                 {"pid", session.launcher_pid}};
  if (session.ended) object["ended"] = FormatTime(*session.ended);
  if (session.exit_code) object["exit_code"] = *session.exit_code;
  if (const LiveSession* live = api.sessions.Find(session.id); live != nullptr) {
    if (const auto worker = live->worker_pid()) object["worker_pid"] = *worker;
    object["commands"] = live->mediated() ? "mediated" : "free";
    object["command_rules"] = live->command_rules();
    object["network"] = live->network_down() ? "down" : "up";
    object["policy_problem"] = live->policy().problem();
    object["policy_withheld"] = live->policy().withheld();
    object.update(live->services().ToJson());
  }
  return object;
}

Reply Open(Api& api, Request request) {
  auto parsed = ParseSessionRequest(request.body);
  if (!parsed) return Problem(Refusal{400, "invalid_session", parsed.error().message, ""});
  if (request.descriptors.empty() || request.descriptors.size() > 2) {
    return Problem(
        Refusal{400, "bad_channel",
                fmt::format("a session is opened with a descriptor, its channel, and perhaps one "
                            "that holds a password; {} came",
                            request.descriptors.size()),
                "run \"aileron launch\""});
  }
  if (request.descriptors.size() == 2) {
    auto password = ReadSecret(request.descriptors[1]);
    if (!password) return Problem(Refusal{400, "bad_channel", password.error().message, ""});
    parsed->proxy_password = std::move(*password);
  }
  auto opened = api.sessions.Open(std::move(*parsed), std::move(request.descriptors[0]));
  if (!opened) return Problem(opened.error());
  json listeners = json::array();
  for (const proxy::Listener& listener : opened->listeners) {
    listeners.push_back({{"kind", KindName(listener.kind)}, {"port", listener.port}});
  }
  json files = json::array();
  for (const auto& [path, content] : opened->files) {
    files.push_back({{"path", path}, {"content", content}});
  }
  Reply reply = JsonReply(201, {{"id", opened->id},
                                {"token", opened->token},
                                {"ca_pem", opened->ca_pem},
                                {"env", opened->environment},
                                {"files", std::move(files)},
                                {"look_alikes", opened->look_alikes},
                                {"listeners", std::move(listeners)},
                                {"commands", opened->mediated ? "mediated" : "free"},
                                {"tools", api.connectors.ToolList()},
                                {"resume", Base64Encode(opened->resume)}});
  reply.headers.emplace_back("Location", "/v1/sessions/" + opened->id);
  reply.after = [&api, id = opened->id] { api.sessions.Begin(id); };
  return reply;
}

Reply List(const Api& api, const Request& request) {
  const std::string_view all = request.Query("all").value_or("");
  const auto which = all == "1" || all == "true" ? session::SessionStore::Which::kAll
                                                 : session::SessionStore::Which::kRunning;
  const auto sessions = api.sessions.List(which);
  if (!sessions) return Problem(sessions.error());
  return JsonListReply("sessions", *sessions, [&](const auto& one) { return ToJson(api, one); });
}

Reply Show(const Api& api, const Request& request) {
  const auto session = api.sessions.Get(request.parameter("id"));
  if (!session) return Problem(session.error());
  return JsonReply(200, ToJson(api, *session));
}

Reply Stop(Api& api, const Request& request) {
  const std::string& id = request.parameter("id");
  if (auto stopped = api.sessions.Stop(id, "stopped by the user"); !stopped) {
    if (stopped.error().code != Code::kInvalid) return Problem(stopped.error());
    return Problem(Refusal{409, "session_over", stopped.error().message, ""});
  }
  return Show(api, request);
}

Reply Watch(Api& api, const Request& request) {
  const std::string& id = request.parameter("id");
  if (const auto known = api.sessions.Get(id); !known) return Problem(known.error());
  const auto after = PlaceIn(request);
  if (!after) return Problem(after.error());
  Reply reply{.content_type = "text/event-stream"};
  reply.source = MakeAuditStream(api.loop, api.audit, id, after->value_or(0),
                                 [&api, id] { return !api.sessions.Known(id); });
  return reply;
}

}  // namespace

void AddSessionRoutes(Router& router, Api& api) {
  router.Add("POST", "/v1/sessions", BodyKind::kJson, [&api](Request request, Responder responder) {
    responder.Send(Open(api, std::move(request)));
  });
  router.Add("GET", "/v1/sessions?all", BodyKind::kNone,
             [&api](Request request, Responder responder) { responder.Send(List(api, request)); });
  router.Add("GET", "/v1/sessions/{id}", BodyKind::kNone,
             [&api](Request request, Responder responder) { responder.Send(Show(api, request)); });
  router.Add("DELETE", "/v1/sessions/{id}", BodyKind::kNone,
             [&api](Request request, Responder responder) { responder.Send(Stop(api, request)); });
  router.Add("GET", "/v1/sessions/{id}/events?after_seq", BodyKind::kNone,
             [&api](Request request, Responder responder) { responder.Send(Watch(api, request)); });
}

}  // namespace aileron::daemon
