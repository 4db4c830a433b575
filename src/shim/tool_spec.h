// ToolSpec: what a tool can do, as the sandbox's API tells it.
#pragma once

#include <string>
#include <string_view>

#include "connector/connector.h"
#include "shim/api.h"

namespace aileron::shim {

struct ToolSpec {
  connector::Connector connector;  // the tool may be one of several
  std::string name;

  const connector::Tool& tool() const;
};

// For a command line whose first words are `spoken` (connector::Spoken): where they name an
// operation, no more of a large connector than it needs. kInvalid when there is no such tool, with
// the nearest one; kInternal when the spec is not one, or not the tool's.
Result<ToolSpec> FetchTool(Api& api, std::string_view name, std::string_view spoken);

}  // namespace aileron::shim
