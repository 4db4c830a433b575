// AskHelper: a program of the user's that keeps logins (docker-credential-helpers).
#pragma once

#include <string>

#include "base/result.h"
#include "registry/login.h"

namespace aileron::registry {

// Runs docker-credential-`helper` get, with `name` on its standard input. It has our environment
// and our standard error, for it may ask. kNotFound when it keeps nothing under that name;
// kUnavailable when it is not there, fails or does not end within limits::kHelperWait.
Result<Login> AskHelper(const LoginPlaces& places, const std::string& helper,
                        const std::string& name);

}  // namespace aileron::registry
