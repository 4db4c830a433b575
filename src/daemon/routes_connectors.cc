// Tested by tests/shim/test_operations.py.

// /v1/connectors: install, list, show, remove.
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "connector/connector_yaml.h"
#include "daemon/connector_offer.h"
#include "daemon/limits.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

json ToJson(Api& api, const SignedBy& signed_by) {
  // A key that was removed since has no name any more.
  const KnownKey* known = api.keyring.FindId(signed_by.key);
  return {{"key", signed_by.key},
          {"name", known != nullptr ? json(known->name) : json()},
          {"comment", signed_by.comment}};
}

json ToJson(Api& api, const InstalledConnector& installed) {
  const connector::Connector& spec = installed.spec;
  const connector::Reach reach = connector::ReachOf(spec);
  return {{"fqn", spec.fqn},
          {"version", spec.version},
          {"summary", spec.summary},
          {"digest", installed.digest},
          {"signed_by", installed.signed_by ? ToJson(api, *installed.signed_by) : json()},
          {"tools", reach.tools},
          {"overrides", reach.overrides},
          {"operations", spec.operations.size()},
          {"asking", reach.asking},
          {"hosts", reach.hosts},
          {"credentials", reach.credentials},
          {"added", FormatTime(installed.added)}};
}

// What is offered, beside what it replaces.
json Offered(Api& api, const InstalledConnector& fresh) {
  const SharedConnector before = api.connectors.Find(fresh.spec.fqn);
  json object = ToJson(api, fresh);
  object["replaces"] = before ? ToJson(api, *before) : json();
  object["confirm"] = WhyConfirm(fresh, before.get());
  return object;
}

Reply List(Api& api) {
  json list = json::array();
  for (const auto& one : api.connectors.All()) list.push_back(ToJson(api, *one));
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
  json shown = ToJson(api, *found);
  shown["spec"] = connector::WriteConnector(found->spec);
  return JsonReply(200, shown);
}

void Record(Api& api, const InstalledConnector& added) {
  api.audit.Event("connector.add", "allow",
                  fmt::format("{} {} {} {}", added.spec.fqn, added.spec.version, added.digest,
                              added.signed_by ? "signed by " + added.signed_by->key : "unsigned"));
}

Reply Install(Api& api, const ConnectorOffer& offer, std::span<const SharedConnector> fresh) {
  if (const Status fits = api.connectors.Check(fresh); !fits) {
    return Problem(Refusal{409, "connector_clash", fits.error().message, ""});
  }
  json list = json::array();
  for (const SharedConnector& one : fresh) {
    list.push_back(Offered(api, *one));
    const std::string why = list.back()["confirm"];
    if (why.empty() || offer.confirmed || offer.check) continue;
    return Problem(
        Refusal{403, "connector_unconfirmed",
                fmt::format("{} is not installed without a person's yes: {}", one->spec.fqn, why),
                "run \"aileron connector add\" on a terminal, or with --yes"});
  }
  if (offer.check) return JsonReply(200, {{"connectors", std::move(list)}});
  if (const Status added = api.connectors.Add(fresh); !added) return Problem(added.error());
  for (const SharedConnector& one : fresh) Record(api, *one);
  return JsonReply(201, {{"connectors", std::move(list)}});
}

// The specs come as a file: they may be larger than a body. Large ones take seconds to read.
void Add(Api& api, Request request, Responder responder) {
  struct Work {
    ConnectorOffer offer;
    os::Fd source;
    std::vector<KnownKey> keys;
    std::expected<std::vector<SharedConnector>, Refusal> examined;
  };
  auto work = std::make_shared<Work>();
  auto offer = ConnectorOffer::Parse(request.body);
  if (!offer) return responder.Send(Problem(Refusal{400, "invalid", offer.error().message, ""}));
  struct stat info;
  if (request.descriptors.size() != 1 || fstat(request.descriptors[0].get(), &info) != 0 ||
      !S_ISREG(info.st_mode)) {
    return responder.Send(
        Problem(Refusal{400, "invalid", "connectors come as one descriptor of a file",
                        "run \"aileron connector add\""}));
  }
  work->offer = *std::move(offer);
  work->source = std::move(request.descriptors.front());
  work->keys = api.keyring.All();
  const Status started = api.background.Run(
      [work] {
        const auto bytes = os::ReadAll(work->source, "what was sent", limits::kSpecsBytes);
        if (bytes) {
          work->examined = work->offer.Examine(*bytes, work->keys);
        } else {
          work->examined = std::unexpected(Refusal{400, "invalid", bytes.error().message, ""});
        }
      },
      [&api, work, responder] {
        responder.Send(work->examined ? Install(api, work->offer, *work->examined)
                                      : Problem(work->examined.error()));
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
