// Tested by tests/shim/test_services.py.

// /v1/sessions/{id}/services and …/published: what runs beside an agent, and which ports of the
// host lead to it.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/members.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Result<SessionServices*> ServicesOf(const Api& api, const Request& request) {
  const std::string& id = request.parameter("id");
  if (SessionServices* services = api.sessions.ServicesOf(id); services != nullptr) return services;
  AILERON_ASSIGN(const session::Session known, api.sessions.Get(id));
  return Fail(Code::kUnavailable, "session {} is {}, not running", id, StateName(known.state));
}

Result<std::uint16_t> ReadPort(std::int64_t number, const char* name, std::int64_t least) {
  if (number < least || number > 65535)
    return Fail(Code::kInvalid, "\"{}\" must be a port, from {} to 65535", name, least);
  return static_cast<std::uint16_t>(number);
}

Result<service::Mapping> ReadMapping(const SessionServices& services, const std::string& body) {
  AILERON_ASSIGN(const json object, ObjectIn(body.empty() ? "{}" : body));
  Members members(object, "");
  std::string name;
  std::string host;
  std::int64_t port = 0;
  std::int64_t host_port = 0;
  AILERON_TRY(members.Text("service", name, 64));
  AILERON_TRY(members.Text("host", host, 64));
  AILERON_TRY(members.Number("port", port));
  AILERON_TRY(members.Number("host_port", host_port));
  AILERON_TRY(members.Done());
  if (name.empty() == (port == 0))
    return Fail(Code::kInvalid, "name either a \"service\" or a \"port\" of the sandbox");
  service::Mapping mapping;
  if (!host.empty()) {
    const auto address = policy::Address::Parse(host);
    if (!address) return Fail(Code::kInvalid, "\"host\" must be an address of this machine");
    mapping.outside.host = *address;
  }
  AILERON_ASSIGN(mapping.outside.port, ReadPort(host_port, "host_port", 0));
  if (!name.empty()) {
    AILERON_ASSIGN(mapping.port, services.PortOf(name));
  } else {
    AILERON_ASSIGN(mapping.port, ReadPort(port, "port", 1));
  }
  return mapping;
}

Result<std::uint16_t> ReadTarget(const SessionServices& services, std::string_view text) {
  if (const auto port = ParseInteger<std::uint16_t>(text)) return ReadPort(*port, "port", 1);
  return services.PortOf(text);
}

void Publish(const Api& api, const Request& request, const Responder& responder) {
  const auto services = ServicesOf(api, request);
  if (!services) return responder.Send(Problem(services.error()));
  const auto mapping = ReadMapping(**services, request.body);
  if (!mapping) return responder.Send(Problem(mapping.error()));
  (*services)->Publish(*mapping, [responder, port = mapping->port](Result<std::string> address) {
    responder.Send(address ? JsonReply(201, {{"port", port}, {"address", *address}})
                           : Problem(address.error()));
  });
}

void Unpublish(const Api& api, const Request& request, const Responder& responder) {
  const auto services = ServicesOf(api, request);
  if (!services) return responder.Send(Problem(services.error()));
  const auto port = ReadTarget(**services, request.parameter("port"));
  if (!port) return responder.Send(Problem(port.error()));
  (*services)->Unpublish(*port, [responder, port = *port](const Result<std::string>& done) {
    responder.Send(done ? JsonReply(200, {{"port", port}}) : Problem(done.error()));
  });
}

}  // namespace

void AddServiceRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/sessions/{id}/services", BodyKind::kNone,
             [&api](Request request, Responder responder) {
               const auto services = ServicesOf(api, request);
               responder.Send(services ? JsonReply(200, (*services)->ToJson())
                                       : Problem(services.error()));
             });
  router.Add("POST", "/v1/sessions/{id}/published", BodyKind::kJson,
             [&api](Request request, Responder responder) { Publish(api, request, responder); });
  router.Add("DELETE", "/v1/sessions/{id}/published/{port}", BodyKind::kNone,
             [&api](Request request, Responder responder) { Unpublish(api, request, responder); });
}

}  // namespace aileron::daemon
