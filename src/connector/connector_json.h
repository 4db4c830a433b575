// A connector as JSON: the same keys as in connector_yaml.h, for programs.
//
// ParseConnector reads it some thirty times faster than YAML, which is what counts for a connector
// of ten thousand operations that is read at every start. One operation a line, so that an error's
// line says which one it is in.
#pragma once

#include <string>

#include "connector/connector.h"

namespace aileron::connector {

// Of a connector without a flaw (check.h): it reads back as the same.
std::string WriteConnectorJson(const Connector& connector);

}  // namespace aileron::connector
