// OpenedCredential: what came of opening a credential, wherever it is kept.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "base/secret.h"

namespace aileron::daemon {

// Why a credential could not be opened. `code` is stable; no text holds a secret.
struct Unopened {
  std::string code;     // "vault_locked", "credential_missing", "source_failed" …
  std::string message;  // fits behind "HOST needs the credential NAME: "
  std::string hint;     // what to do, one line
};

// As long as nobody revokes it.
inline constexpr auto kKeepUntilRevoked = std::chrono::milliseconds::max();

struct OpenedSecret {
  Secret secret;
  // How long a worker may use it without asking again; zero: for one request.
  std::chrono::milliseconds keep = kKeepUntilRevoked;
};

using OpenedCredential = std::expected<OpenedSecret, Unopened>;

}  // namespace aileron::daemon
