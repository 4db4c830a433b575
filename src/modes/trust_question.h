// TrustQuestion: asks a person whether a project's file is trusted, as it is now.
#pragma once

#include "base/result.h"

namespace aileron::modes {

// Whether there is somebody to ask.
bool CanAsk();
// On standard error; what was typed before is no answer. What is trusted has been shown.
bool AskWhetherToTrust();

}  // namespace aileron::modes
