// EngineImage: the engine that --sandbox names, and the image in it that a launch's root is.
#pragma once

#include <string_view>

#include "launch/launch.h"
#include "modes/command.h"

namespace aileron::modes {

// Whether --sandbox names an engine.
bool UsesEngine(const launch::Options& options);

// Which one that is.
engine::Kind EngineKindOf(const launch::Options& options);

// Connects, and looks the image up as a person names it to the engine; one that the engine has not
// got, it pulls, with the login that a pull of our own would have. Into `options`. 69 where there
// is no engine.
std::expected<void, Failure> ChooseEngineImage(std::string_view reference,
                                               launch::Options& options);

}  // namespace aileron::modes
