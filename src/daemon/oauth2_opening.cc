#include "daemon/oauth2_opening.h"

#include "base/json_view.h"
#include "base/log.h"
#include "base/secret_writer.h"
#include "base/text.h"
#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using vault::OAuth2Settings;
using Grant = OAuth2Settings::Grant;

std::unexpected<Unopened> Why(std::string_view code, std::string message, std::string hint) {
  return std::unexpected(Unopened{std::string(code), std::move(message), std::move(hint)});
}

std::string PlainMember(const JsonView& json, std::string_view name, const Secret& hidden) {
  const auto member = json.Find(name);
  return ForHint(member ? member->PlainText().value_or("") : "", hidden.Reveal());
}

std::unexpected<Unopened> Denied(const OAuth2Settings& settings, const std::string& credential,
                                 int status, std::string_view body, const Secret& redeemed) {
  const std::string server = settings.endpoint.Authority();
  const auto json = JsonView::Parse(body);
  const std::string error = json ? PlainMember(*json, "error", redeemed) : "";
  if (error.empty()) {
    return Why("oauth2_failed", fmt::format("{} answered with status {}", server, status),
               "see whether token_url is the server's token endpoint, and its log");
  }
  const std::string description = PlainMember(*json, "error_description", redeemed);
  std::string said = description.empty() ? error : fmt::format("{}: {}", error, description);
  if (error == "invalid_grant" && settings.grant == Grant::kRefreshToken) {
    return Why("oauth2_denied",
               fmt::format("{} does not accept the refresh token ({})", server, said),
               fmt::format("get a new one and run \"aileron secret set {}\"", credential));
  }
  if (error == "invalid_client") {
    return Why("oauth2_denied", fmt::format("{} does not accept the client ({})", server, said),
               "see the binding's client_id and client_auth, and the client's secret in the vault");
  }
  return Why("oauth2_denied", fmt::format("{} gives no access token ({})", server, said),
             "see the binding's grant and scope");
}

// How long it may be used: renewed a while ahead of its end, so that no request goes out with a
// token that ends on the way.
void SetLifetime(Fresh& fresh, std::optional<std::int64_t> seconds) {
  const Duration longest = limits::kOAuth2Longest;
  const Duration lifetime =
      !seconds
          ? Duration(limits::kOAuth2Lifetime)
          : std::chrono::seconds(std::clamp<std::int64_t>(
                *seconds, 0, std::chrono::duration_cast<std::chrono::seconds>(longest).count()));
  fresh.valid = lifetime;
  fresh.keep = lifetime - std::min<Duration>(lifetime / 5, limits::kOAuth2Ahead);
}

}  // namespace

std::expected<TokenAnswer, Unopened> ReadTokenAnswer(const OAuth2Settings& settings,
                                                     const std::string& credential, int status,
                                                     std::string_view body,
                                                     const Secret& redeemed) {
  if (status != 200) return Denied(settings, credential, status, body, redeemed);
  const std::string server = settings.endpoint.Authority();
  const auto json = JsonView::Parse(body);
  if (!json) {
    return Why("oauth2_failed", fmt::format("{} did not answer in JSON", server),
               "see whether token_url is the server's token endpoint");
  }
  const auto token = json->Find("access_token");
  auto access = token ? token->Text() : std::nullopt;
  if (!access || access->empty()) {
    return Why("oauth2_failed", fmt::format("{} answered without an access token", server),
               "see whether token_url is the server's token endpoint");
  }
  if (access->size() > limits::kCredentialMax) {
    return Why("credential_too_large", "the access token is too large", "");
  }
  const std::string type = PlainMember(*json, "token_type", redeemed);
  if (ToLower(type) != "bearer") {
    return Why(
        "oauth2_failed",
        fmt::format("{} gave a token of the type \"{}\", and only bearer is known", server, type),
        "");
  }
  TokenAnswer answer{.access = {.secret = std::move(*access)}};
  const auto expires = json->Find("expires_in");
  SetLifetime(answer.access, expires ? expires->Number() : std::nullopt);
  if (const auto refresh = json->Find("refresh_token")) answer.refresh = refresh->Text();
  if (answer.refresh && answer.refresh->empty()) answer.refresh.reset();
  return answer;
}

OAuth2Opening::OAuth2Opening(OpeningWorld& world, UnstoredTokens& unstored, std::string credential,
                             const OAuth2Settings& settings, OnFresh on_fresh)
    : world_(world),
      unstored_(unstored),
      credential_(std::move(credential)),
      settings_(settings),
      on_fresh_(std::move(on_fresh)) {
  world_.loop.Post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) Begin();
  });
}

void OAuth2Opening::Begin() {
  if (auto stored = Store(); !stored) return Finish(std::unexpected(std::move(stored.error())));
  auto request = MakeRequest();
  if (!request) return Finish(std::unexpected(std::move(request.error())));
  fetch_ = std::make_unique<fetch::Fetch>(
      world_.loop, std::move(*request),
      [this](Result<fetch::Response> response) { Answered(std::move(response)); });
}

std::expected<fetch::Request, Unopened> OAuth2Opening::MakeRequest() {
  auto redeemed = OpenEntry(world_.vault, credential_);
  if (!redeemed) return std::unexpected(std::move(redeemed.error()));
  redeemed_ = std::move(*redeemed);
  const bool refresh = settings_.grant == Grant::kRefreshToken;
  std::optional<Secret> client_secret;
  if (!refresh) client_secret = redeemed_.Duplicate();
  if (!settings_.client_secret.empty()) {
    auto opened = OpenEntry(world_.vault, settings_.client_secret);
    if (!opened) return std::unexpected(std::move(opened.error()));
    client_secret = std::move(*opened);
  }
  SecretWriter form(fetch::limits::kBody);
  form.PutField("grant_type", refresh ? "refresh_token" : "client_credentials");
  if (refresh) form.PutField("refresh_token", redeemed_.Reveal());
  if (!settings_.scope.empty()) form.PutField("scope", settings_.scope);
  fetch::Request request{.url = settings_.endpoint,
                         .method = "POST",
                         .target = settings_.endpoint.path,
                         .ca = settings_.ca,
                         .timeout = limits::kOAuth2Wait};
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  SecretWriter basic(fetch::limits::kHead);
  if (client_secret && settings_.client_auth == OAuth2Settings::ClientAuth::kBasic) {
    SecretWriter pair(fetch::limits::kHead);
    pair.PutEncoded(settings_.client_id);
    pair.Put(":");
    pair.PutEncoded(client_secret->Reveal());
    basic.Put("Basic ");
    basic.PutBase64(pair.View());
    request.secret_headers.emplace_back("Authorization", basic.Take());
  } else {
    form.PutField("client_id", settings_.client_id);
    if (client_secret) form.PutField("client_secret", client_secret->Reveal());
  }
  if (form.overflowed() || basic.overflowed()) {
    return Why("credential_too_large", "it is too large to be sent to the token endpoint", "");
  }
  request.body = form.Take();
  return request;
}

void OAuth2Opening::Answered(Result<fetch::Response> response) {
  if (!response) {
    Unopened why = WhyNot(response.error(), "see whether the token endpoint is up");
    why.code = "oauth2_failed";
    return Finish(std::unexpected(std::move(why)));
  }
  auto answer =
      ReadTokenAnswer(settings_, credential_, response->status, response->body.Reveal(), redeemed_);
  if (!answer) return Finish(std::unexpected(std::move(answer.error())));
  const bool rotated = settings_.grant == Grant::kRefreshToken && answer->refresh &&
                       answer->refresh->Reveal() != redeemed_.Reveal();
  if (rotated) {
    unstored_[credential_] = {.used = std::move(redeemed_), .fresh = std::move(*answer->refresh)};
    if (auto stored = Store(); !stored) return Finish(std::unexpected(std::move(stored.error())));
  }
  Finish(std::move(answer->access));
}

std::expected<void, Unopened> OAuth2Opening::Store() {
  const auto waiting = unstored_.find(credential_);
  if (waiting == unstored_.end()) return {};
  auto current = OpenEntry(world_.vault, credential_);
  if (!current && current.error().code == "vault_locked") {
    LogWarning("the new refresh token of {} waits for the vault to be unlocked", credential_);
    return std::unexpected(std::move(current.error()));
  }
  // Somebody set or removed it meanwhile: that is the one that counts.
  if (!current || current->Reveal() != waiting->second.used.Reveal()) {
    unstored_.erase(waiting);
    return {};
  }
  world_.storing = true;
  const auto stored = world_.vault.Set(credential_, waiting->second.fresh);
  world_.storing = false;
  if (!stored) {
    LogError("the new refresh token of {} could not be stored: {}", credential_,
             stored.error().message);
    return Why("credential_not_stored", "its new refresh token could not be stored in the vault",
               "see \"aileron status\" on the host, and the daemon's log");
  }
  unstored_.erase(credential_);
  return {};
}

void OAuth2Opening::Finish(FreshCredential fresh) {
  const OnFresh on_fresh = std::move(on_fresh_);
  on_fresh_ = nullptr;
  if (on_fresh) on_fresh(std::move(fresh));
}

}  // namespace aileron::daemon
