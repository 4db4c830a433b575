// Sessions and audit records as a person reads them.
#pragma once

#include <string>
#include <vector>

#include "modes/api.h"
#include "modes/terminal.h"

namespace aileron::modes {

// "claude -p hello", arguments with blanks quoted, control characters shown.
std::string CommandLine(const Json& words);

Grid SessionGrid(const Json& sessions);
// All of one session, a line a field.
std::string SessionText(const Json& session, Colour colour);

Grid AuditGrid(const Json& records);
// One record on one line, for tails.
std::string AuditLine(const Json& record, Colour colour);
// Every field of any object, a line each.
std::string FieldsText(const Json& object, Colour colour);

}  // namespace aileron::modes
