// Tested by tests/vault/test_vault.py.

// /v1/vault: state, init, unlock, lock, passphrase. Passphrases are raw bodies, never JSON.
#include <nlohmann/json.hpp>

#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Reply Show(const Api& api) {
  json state = {{"state", vault::StateName(api.vault.state())},
                {"entries", api.vault.names().size()},
                {"auto_lock_s", nullptr},
                {"locks_at", nullptr}};
  if (const auto auto_lock = api.vault.auto_lock()) {
    state["auto_lock_s"] = std::chrono::duration_cast<std::chrono::seconds>(*auto_lock).count();
  }
  if (const auto locks_at = api.vault.LocksAt()) state["locks_at"] = FormatTime(*locks_at);
  return JsonReply(200, state);
}

Result<std::optional<Duration>> AutoLockIn(const Request& request) {
  AILERON_ASSIGN(const auto seconds, NumberIn(request, "auto_lock_s"));
  if (!seconds || *seconds == 0) return std::nullopt;
  if (*seconds > static_cast<std::uint64_t>(std::chrono::seconds(limits::kAutoLockMax).count())) {
    return Fail(Code::kInvalid, "auto_lock_s is more than 30 days");
  }
  return std::chrono::seconds(*seconds);
}

// The end of an operation on the vault, told to the client that asked for it.
VaultService::Done AnswerWith(Api& api, Responder responder, int status) {
  return [&api, responder, status](std::optional<Refusal> refusal) {
    if (!refusal) {
      Reply reply = Show(api);
      reply.status = status;
      return responder.Send(std::move(reply));
    }
    Reply reply = Problem(*refusal);
    if (refusal->status == 429) reply.headers.emplace_back("Retry-After", "1");
    responder.Send(std::move(reply));
  };
}

void Init(Api& api, Request request, Responder responder) {
  const auto auto_lock = AutoLockIn(request);
  if (!auto_lock) return responder.Send(Problem(auto_lock.error()));
  api.vault.Init(std::move(request.secret), *auto_lock, AnswerWith(api, responder, 201));
}

void Unlock(Api& api, Request request, Responder responder) {
  const auto auto_lock = AutoLockIn(request);
  if (!auto_lock) return responder.Send(Problem(auto_lock.error()));
  api.vault.Unlock(std::move(request.secret), *auto_lock, AnswerWith(api, responder, 200));
}

}  // namespace

void AddVaultRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/vault", BodyKind::kNone,
             [&api](Request, Responder responder) { responder.Send(Show(api)); });
  router.Add("POST", "/v1/vault/init?auto_lock_s", BodyKind::kSecret,
             [&api](Request request, Responder responder) {
               Init(api, std::move(request), std::move(responder));
             });
  router.Add("POST", "/v1/vault/unlock?auto_lock_s", BodyKind::kSecret,
             [&api](Request request, Responder responder) {
               Unlock(api, std::move(request), std::move(responder));
             });
  router.Add("POST", "/v1/vault/lock", BodyKind::kNone, [&api](Request, Responder responder) {
    api.vault.Lock("asked for");
    responder.Send(Show(api));
  });
  router.Add("POST", "/v1/vault/passphrase", BodyKind::kSecret,
             [&api](Request request, Responder responder) {
               api.vault.ChangePassphrase(std::move(request.secret),
                                          AnswerWith(api, std::move(responder), 200));
             });
}

}  // namespace aileron::daemon
