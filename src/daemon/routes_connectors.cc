// Tested by tests/shim/test_operations.py.

// /v1/connectors: install, list, show, remove.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"
#include "daemon/members.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

json ToJson(const InstalledConnector& installed) {
  const connector::Connector& spec = installed.spec;
  const connector::Reach reach = connector::ReachOf(spec);
  return {{"fqn", spec.fqn},
          {"version", spec.version},
          {"summary", spec.summary},
          {"digest", installed.digest},
          {"tools", reach.tools},
          {"operations", spec.operations.size()},
          {"asking", reach.asking},
          {"hosts", reach.hosts},
          {"credentials", reach.credentials},
          {"added", FormatTime(installed.added)}};
}

Reply List(Api& api) {
  json list = json::array();
  for (const auto& one : api.connectors.All()) list.push_back(ToJson(*one));
  return JsonReply(200, {{"connectors", std::move(list)}, {"problem", api.connectors.problem()}});
}

Reply Show(Api& api, const Request& request) {
  const auto found = api.connectors.Find(request.parameter("fqn"));
  if (!found) {
    return Problem(
        Refusal{404, "not_found",
                fmt::format("there is no connector {}", Printable(request.parameter("fqn"))),
                "run \"aileron connector list\""});
  }
  json shown = ToJson(*found);
  shown["spec"] = connector::WriteConnector(found->spec);
  return JsonReply(200, shown);
}

// The spec comes as a descriptor: it may be larger than a body. Large ones take seconds to read.
void Add(Api& api, Request request, Responder responder) {
  const auto body = ObjectIn(request.body);
  if (!body) return responder.Send(Problem(Refusal{400, "invalid", body.error().message, ""}));
  Members members(*body, "");
  std::string file = "the connector";
  Status read = members.Text("file", file, limits::kPathBytes);
  if (read) read = members.Done();
  if (!read) return responder.Send(Problem(Refusal{400, "invalid", read.error().message, ""}));
  if (request.descriptors.size() != 1) {
    return responder.Send(
        Problem(Refusal{400, "invalid", "a connector comes as one descriptor of its file",
                        "run \"aileron connector add\""}));
  }
  struct Work {
    os::Fd source;
    Result<connector::Connector> spec = connector::Connector();
  };
  auto work = std::make_shared<Work>();
  work->source = std::move(request.descriptors.front());
  const Status started = api.background.Run(
      [work, file] {
        auto text = os::ReadAll(work->source, "the connector", connector::limits::kFileMax);
        if (!text) {
          work->spec = std::unexpected(text.error());
          return;
        }
        work->spec = connector::ParseConnector(*text, file);
      },
      [&api, work, responder] {
        if (!work->spec) {
          return responder.Send(
              Problem(Refusal{400, "invalid_connector", work->spec.error().message, ""}));
        }
        auto added = api.connectors.Add(std::move(*work->spec));
        if (!added && added.error().code == Code::kInvalid) {
          return responder.Send(
              Problem(Refusal{409, "connector_clash", added.error().message, ""}));
        }
        if (!added) return responder.Send(Problem(added.error()));
        api.audit.Event(
            "connector.add", "allow",
            fmt::format("{} {} {}", (*added)->spec.fqn, (*added)->spec.version, (*added)->digest));
        responder.Send(JsonReply(201, ToJson(**added)));
      });
  if (!started) responder.Send(Problem(started.error()));
}

Reply Remove(Api& api, const Request& request) {
  const std::string& fqn = request.parameter("fqn");
  if (auto removed = api.connectors.Remove(fqn); !removed) return Problem(removed.error());
  api.audit.Event("connector.remove", "allow", Printable(fqn));
  return JsonReply(200, {{"removed", fqn}});
}

}  // namespace

void AddConnectorRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/connectors", BodyKind::kNone,
             [&api](const Request&, Responder answer) { answer.Send(List(api)); });
  router.Add("POST", "/v1/connectors", BodyKind::kJson, [&api](Request request, Responder answer) {
    Add(api, std::move(request), std::move(answer));
  });
  router.Add("GET", "/v1/connectors/{fqn}", BodyKind::kNone,
             [&api](const Request& request, Responder answer) { answer.Send(Show(api, request)); });
  router.Add(
      "DELETE", "/v1/connectors/{fqn}", BodyKind::kNone,
      [&api](const Request& request, Responder answer) { answer.Send(Remove(api, request)); });
}

}  // namespace aileron::daemon
