// Tested by tests/image/test_registry.py.

// /v1/registry-tokens: a token for pulling an image, by a credential that stays here.
#include <nlohmann/json.hpp>

#include "daemon/members.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

constexpr std::size_t kTextMax = 1024;
constexpr std::size_t kPathMax = 4096;

Result<RegistryTokens::Wanted> WantedIn(const std::string& body) {
  AILERON_ASSIGN(const json object, ObjectIn(body));
  Members members(object, "");
  std::string realm;
  RegistryTokens::Wanted wanted;
  AILERON_TRY(members.Text("realm", realm, kTextMax));
  AILERON_TRY(members.Text("service", wanted.service, kTextMax));
  AILERON_TRY(members.Text("repository", wanted.repository, kTextMax));
  AILERON_TRY(members.Text("ca", wanted.ca, kPathMax));
  AILERON_TRY(members.Done());
  AILERON_ASSIGN(wanted.realm, fetch::ParseRealm(realm));
  if (wanted.repository.empty()) return Fail(Code::kInvalid, "repository is missing");
  if (!wanted.ca.empty() && !wanted.ca.starts_with('/'))
    return Fail(Code::kInvalid, "ca is the absolute path of a file");
  return wanted;
}

void Get(Api& api, const Request& request, const Responder& answer) {
  auto wanted = WantedIn(request.body);
  if (!wanted) return answer.Send(Problem(wanted.error()));
  if (api.bindings.Refresh() == Bindings::Change::kChanged) api.sessions.Revoke();
  api.registry_tokens.Get(*std::move(wanted), [answer](const Result<fetch::RegistryToken>& token) {
    if (!token) return answer.Send(Problem(token.error()));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(token->lifetime);
    answer.Send(
        JsonReply(200, {{"token", token->token.Reveal()}, {"expires_in", seconds.count()}}));
  });
}

}  // namespace

void AddRegistryRoutes(Router& router, Api& api) {
  router.Add("POST", "/v1/registry-tokens", BodyKind::kJson,
             [&api](const Request& request, Responder answer) { Get(api, request, answer); });
}

}  // namespace aileron::daemon
