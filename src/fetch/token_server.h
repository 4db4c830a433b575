// TokenServer: where a registry sends its clients for a token (distribution, "Token Authentication
// Specification" and "OAuth 2 Token Authentication").
//
//   GET  REALM?service=SERVICE&scope=repository:NAME:pull     with or without Authorization
//   POST REALM grant_type=refresh_token&…                     with an identity token
//
// No more is asked for than pulling one repository, whatever a registry's challenge says. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "fetch/fetch.h"
#include "fetch/remote_file.h"

namespace aileron::fetch {

// A token server's URL, as a challenge has it. kDenied for one with a query: it could ask for more
// than is meant.
Result<RemoteFile> ParseRealm(std::string_view text);

struct TokenQuestion {
  RemoteFile realm;
  std::string service;
  std::string repository;
  // Who asks: the value of the Authorization field, or an identity token, or neither.
  Secret authorization;
  Secret identity_token;
};
// kInvalid when the identity token is too large.
Result<Request> TokenRequest(TokenQuestion question);

struct RegistryToken {
  Secret token;
  Duration lifetime{};
};
// kDenied when the server does not take who asks for somebody; kUnavailable for any other answer.
// Messages begin with the server's name and quote nothing of it.
Result<RegistryToken> ReadToken(const RemoteFile& realm, const Response& answer);

}  // namespace aileron::fetch
