// Tested by tests/vault/test_vault.py.

// /v1/secrets: names in, values in, names out. No route gives a value back.
#include <nlohmann/json.hpp>

#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

json ToJson(const vault::EntryInfo& entry) {
  return {{"name", entry.name}, {"version", entry.version}, {"updated", FormatTime(entry.updated)}};
}

// What stands between a client and the vault's entries, with the way out.
std::optional<Refusal> Closed(const Api& api) {
  switch (api.vault.state()) {
    case vault::State::kAbsent:
      return Refusal{409, "vault_absent", "there is no vault yet", "run \"aileron vault init\""};
    case vault::State::kLocked:
      return Refusal{423, "vault_locked", "the vault is locked", "run \"aileron vault unlock\""};
    case vault::State::kUnlocked:
      break;
  }
  return std::nullopt;
}

Reply List(const Api& api) {
  json list = json::array();
  if (api.vault.state() != vault::State::kAbsent) {
    const auto entries = api.vault.List();
    if (!entries) return Problem(entries.error());
    for (const vault::EntryInfo& entry : *entries) list.push_back(ToJson(entry));
  }
  return JsonReply(200, {{"secrets", std::move(list)}});
}

Reply Put(Api& api, const Request& request) {
  const std::string& name = request.parameter("name");
  if (auto valid = vault::CheckName(name); !valid) {
    return Problem(Refusal{400, "invalid_name", valid.error().message, ""});
  }
  if (auto refusal = Closed(api)) return Problem(*refusal);
  const auto entry = api.vault.Set(name, request.secret);
  if (!entry) return Problem(entry.error());
  return JsonReply(entry->version == 1 ? 201 : 200, ToJson(*entry));
}

Reply Remove(Api& api, const Request& request) {
  if (api.vault.state() == vault::State::kAbsent) return Problem(*Closed(api));
  if (auto removed = api.vault.Remove(request.parameter("name")); !removed) {
    return Problem(removed.error());
  }
  return JsonReply(200, json::object());
}

}  // namespace

void AddSecretRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/secrets", BodyKind::kNone,
             [&api](Request, Responder responder) { responder.Send(List(api)); });
  router.Add("PUT", "/v1/secrets/{name}", BodyKind::kSecret,
             [&api](Request request, Responder responder) { responder.Send(Put(api, request)); });
  router.Add(
      "DELETE", "/v1/secrets/{name}", BodyKind::kNone,
      [&api](Request request, Responder responder) { responder.Send(Remove(api, request)); });
}

}  // namespace aileron::daemon
