// Tested by tests/shim/test_signatures.py.

// /v1/keyring: the keys whose signatures on connectors are believed.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "crypto/limits.h"
#include "daemon/members.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

json ToJson(Api& api, const KnownKey& known) {
  const std::string id = crypto::KeyIdText(known.key.id);
  json connectors = json::array();
  for (const SharedConnector& one : api.connectors.All()) {
    if (one->signed_by && one->signed_by->key == id) connectors.push_back(one->spec.fqn);
  }
  return {{"name", known.name},
          {"id", id},
          {"key", known.key.Line()},
          {"added", FormatTime(known.added)},
          {"connectors", std::move(connectors)}};
}

Reply List(Api& api) {
  json list = json::array();
  for (const KnownKey& known : api.keyring.All()) list.push_back(ToJson(api, known));
  return JsonReply(200, {{"keys", std::move(list)}, {"problem", api.keyring.problem()}});
}

Reply Add(Api& api, const Request& request) {
  const auto body = ObjectIn(request.body);
  if (!body) return Problem(Refusal{400, "invalid", body.error().message, ""});
  std::string name, text;
  Members members(*body, "");
  Status read = members.Text("name", name, limits::kPathBytes);
  if (read) read = members.Text("key", text, crypto::limits::kMinisignMax);
  if (read) read = members.Done();
  if (read) read = Keyring::CheckName(name);
  if (!read) return Problem(Refusal{400, "invalid", read.error().message, ""});
  const auto key = crypto::ParseMinisignKey(text);
  if (!key) return Problem(Refusal{400, "invalid_key", key.error().message, ""});
  const auto known = api.keyring.Add(name, *key);
  if (!known && known.error().code == Code::kInvalid) {
    return Problem(Refusal{409, "key_exists", known.error().message, ""});
  }
  if (!known) return Problem(known.error());
  api.audit.Event("keyring.add", "allow",
                  fmt::format("{} {}", known->name, crypto::KeyIdText(key->id)));
  return JsonReply(201, ToJson(api, *known));
}

Reply Show(Api& api, const Request& request) {
  const std::string& name = request.parameter("name");
  const KnownKey* known = api.keyring.Find(name);
  if (known != nullptr) return JsonReply(200, ToJson(api, *known));
  return Problem(Refusal{404, "not_found", fmt::format("there is no key {}", Printable(name)),
                         "run \"aileron keyring list\""});
}

Reply Remove(Api& api, const Request& request) {
  const std::string& name = request.parameter("name");
  const KnownKey* known = api.keyring.Find(name);  // not where its file is damaged
  json connectors = known != nullptr ? ToJson(api, *known)["connectors"] : json::array();
  if (auto done = api.keyring.Remove(name); !done) return Problem(done.error());
  api.audit.Event("keyring.remove", "allow", name);
  return JsonReply(200, {{"removed", name}, {"connectors", std::move(connectors)}});
}

}  // namespace

void AddKeyringRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/keyring", BodyKind::kNone,
             [&api](const Request&, Responder answer) { answer.Send(List(api)); });
  router.Add("POST", "/v1/keyring", BodyKind::kJson,
             [&api](const Request& request, Responder answer) { answer.Send(Add(api, request)); });
  router.Add("GET", "/v1/keyring/{name}", BodyKind::kNone,
             [&api](const Request& request, Responder answer) { answer.Send(Show(api, request)); });
  router.Add(
      "DELETE", "/v1/keyring/{name}", BodyKind::kNone,
      [&api](const Request& request, Responder answer) { answer.Send(Remove(api, request)); });
}

}  // namespace aileron::daemon
