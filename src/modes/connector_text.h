// What a person reads of a connector before it is installed, and after.
#pragma once

#include <string>

#include "connector/connector.h"
#include "modes/api.h"

namespace aileron::modes {

// As the daemon gives it, of a spec that it has not seen.
Json ConnectorJson(const connector::Connector& connector);

// "alice (E7736E2D8B391D16)", or "nobody".
std::string SignerText(const Json& connector);
// A few lines, none wider than `width` (0: no bound): who signed it, what it replaces, its
// commands, every host that it can reach and every credential that it would use.
std::string ReachText(const Json& connector, std::size_t width);
// Why a person is asked, a line for each of these that needs it. Empty where none does.
std::string ReasonsText(const Json& connectors);
// A comment of YAML that says who signed it.
std::string SignedComment(const Json& connector);

}  // namespace aileron::modes
