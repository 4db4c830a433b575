// Help of tools and operations, generated from their spec: plain text of 80 columns.
#pragma once

#include <string>
#include <string_view>

#include "connector/connector.h"

namespace aileron::connector {

// What a tool can do. Where it has more operations than a screen shows, their groups; `group` shows
// what is in one.
std::string HelpText(const Connector& connector, const Tool& tool, std::string_view group = {});

// One operation: what it does, its flags, and a command line that would run it.
std::string HelpText(const Tool& tool, const Operation& operation);

// That command line: every required flag with its example, default, first allowed value or a
// placeholder.
std::string ExampleOf(const Tool& tool, const Operation& operation);

}  // namespace aileron::connector
