// OAuth2Settings: "oauth2:" of a binding with the scheme oauth2 (RFC 6749): how an access token is
// asked for. What is redeemed for it is the binding's credential: the client's secret with
// grant: client_credentials (§4.4), the refresh token with grant: refresh_token (§6).
//
//   oauth2:
//     token_url: https://login.example.com/oauth/token
//     grant: client_credentials    or refresh_token
//     client_id: my-client
//     client_secret: secret/example   refresh_token only: the vault entry with the client's secret;
//                                     without it the client is a public one
//     client_auth: basic           or post: where the client's secret is sent (§2.3.1)
//     scope: read write            names separated by blanks
//     ca: /home/me/corp.pem        an authority that is trusted besides the system's
#pragma once

#include <expected>
#include <string>

#include "base/service_url.h"
#include "vault/settings.h"

namespace aileron::vault {

struct OAuth2Settings {
  enum class Grant { kClientCredentials, kRefreshToken };
  enum class ClientAuth { kBasic, kPost };

  std::string token_url;  // as written
  ServiceUrl endpoint;
  Grant grant = Grant::kClientCredentials;
  std::string client_id;
  std::string client_secret;  // a vault entry, or empty
  ClientAuth client_auth = ClientAuth::kBasic;
  std::string scope;
  std::string ca;

  static std::expected<OAuth2Settings, FieldError> Check(const Settings& settings);
  // What Check makes the same of again; defaults are left out.
  Settings Write() const;

  bool operator==(const OAuth2Settings&) const = default;
};

}  // namespace aileron::vault
