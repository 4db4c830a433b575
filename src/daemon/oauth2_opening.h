// OAuth2Opening: an access token of a binding with the scheme oauth2 (RFC 6749 §4.4 and §6).
//
//   POST token_url   grant_type, scope, refresh_token; the client by Basic or in the form
//   200 {"access_token", "token_type": "Bearer", "expires_in", "refresh_token"}
//   4xx {"error", "error_description"}
//
// A refresh token that the server exchanged for a new one is in the vault before the access token
// is used: a crash in between loses nothing. Where the vault cannot take it (it was locked
// meanwhile), the new one waits in memory, the request is refused, and the next opening stores it
// first. A token that the user has set meanwhile is left alone.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/opening.h"
#include "fetch/fetch.h"
#include "vault/oauth2_settings.h"

namespace aileron::daemon {

// Refresh tokens that the vault has not taken yet, by the credential's name. Shared by openings.
struct Unstored {
  Secret used;   // what was redeemed: what the vault has unless the user changed it
  Secret fresh;  // what the server gave for it
};
using UnstoredTokens = std::map<std::string, Unstored>;

class OAuth2Opening final : public Opening {
 public:
  OAuth2Opening(OpeningWorld& world, UnstoredTokens& unstored, std::string credential,
                const vault::OAuth2Settings& settings, OnFresh on_fresh);

 private:
  std::expected<fetch::Request, Unopened> MakeRequest();
  void Begin();
  void Answered(Result<fetch::Response> response);
  // Puts a waiting refresh token into the vault; nothing when none waits.
  std::expected<void, Unopened> Store();
  void Finish(FreshCredential fresh);

  OpeningWorld& world_;
  UnstoredTokens& unstored_;
  std::string credential_;
  vault::OAuth2Settings settings_;
  OnFresh on_fresh_;
  Secret redeemed_;  // the refresh token or the client's secret, as the vault had it
  std::unique_ptr<fetch::Fetch> fetch_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// What a token endpoint answered.
struct TokenAnswer {
  Fresh access;
  std::optional<Secret> refresh;
};
// `redeemed` is kept out of what is told of an error.
std::expected<TokenAnswer, Unopened> ReadTokenAnswer(const vault::OAuth2Settings& settings,
                                                     const std::string& credential, int status,
                                                     std::string_view body, const Secret& redeemed);

}  // namespace aileron::daemon
