// Login: whom a registry takes us for, and where people keep it.
//
// What "docker login" and "podman login" have written is read, and written never:
//
//   $REGISTRY_AUTH_FILE                     if it is set, this one alone
//   $XDG_RUNTIME_DIR/containers/auth.json   containers-auth.json(5)
//   $XDG_CONFIG_HOME/containers/auth.json
//   $DOCKER_CONFIG/config.json              or ~/.docker/config.json
//
// Of a file, in this order: the helper of "credHelpers", "auths", the helper of "credsStore". A
// helper is the program docker-credential-NAME on the PATH (docker-credential-helpers, "get").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace aileron::registry {

struct Login {
  std::string user;
  Secret password;
  // In place of both: an OAuth 2 refresh token.
  Secret identity_token;
};

// What one file says of a registry: a login, a helper to ask, or nothing.
struct KeptLogin {
  std::optional<Login> login;
  std::string helper;  // NAME, when there is no login
};

// `text` is config.json or auth.json, called `file` in messages; `domain` and `path` a reference's.
// kInvalid names the file and quotes none of it. Pure.
Result<KeptLogin> FindLogin(std::string_view text, std::string_view file, std::string_view domain,
                            std::string_view path);

// The name under which a domain's login is kept: docker.io's is a URL of older days.
std::string LoginName(std::string_view domain);

// What a helper printed. kInvalid when it is no answer of one.
Result<Login> ReadHelperAnswer(std::string_view text, std::string_view helper);

// Environment variables that say where logins are, as far as they are set.
struct LoginPlaces {
  std::string home, config_home, runtime;  // absolute; runtime may be empty
  std::string auth_file, docker_config;    // empty: not set
  std::string path;                        // PATH
  std::vector<std::string> environment;    // for helpers: NAME=VALUE
  // Absolute folders without links, of which no helper is started.
  std::vector<std::string> projects = {};
};
LoginPlaces PlacesOfEnvironment();

// kNotFound when nothing is kept for it. kDenied for a login in a file that others may read;
// kUnavailable when a helper is missing, fails or takes too long.
Result<Login> ReadLogin(const LoginPlaces& places, std::string_view domain, std::string_view path);

}  // namespace aileron::registry
