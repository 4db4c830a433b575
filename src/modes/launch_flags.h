// The flags of `launch` as launch::Options. Pure but for the files that --env-file and
// --upstream-ca name.
#pragma once

#include "launch/launch.h"
#include "modes/command.h"

namespace aileron::modes {

// kInvalid names the flag and what its value should look like.
std::expected<launch::Options, Failure> LaunchOptions(const Parsed& parsed);

// Whether this launch is one that a keeper runs (keep/keeper.h).
bool IsKept();

// Whether `text` is HOST:PORT:ADDRESS[:PORT], IPv6 addresses in brackets.
Status CheckConnectTo(std::string_view text);

}  // namespace aileron::modes
