// How the daemon's and the vault's state look to a person.
#pragma once

#include <string>

#include "modes/api.h"
#include "modes/terminal.h"

namespace aileron::modes {

// Of GET /v1/status with a member "running".
std::string DaemonStatusText(const Json& status, Colour colour);
// Of GET /v1/vault.
std::string VaultStatusText(const Json& vault, Colour colour);

}  // namespace aileron::modes
