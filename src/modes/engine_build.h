// EngineBuild: what a devcontainer.json has built, and the image "base", in the engine that
// --sandbox names.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/endpoint.h"
#include "image/plan.h"
#include "modes/command.h"
#include "sandbox/spec.h"

namespace aileron::modes {

// The id of the image in the engine. What our own load has put there is neither built nor loaded
// again; its tag and its label are its build's key (engine/load_archive.h), and for people. Asks as
// MakeImage does (modes/building.h). 69 where there is no engine, 125 where there is no image.
enum class MayAskToBuild : std::uint8_t { kNo, kYes };
std::expected<std::string, Failure> BuiltInEngine(const image::PlanInput& input, engine::Kind kind,
                                                  MayAskToBuild may_ask,
                                                  std::span<const sandbox::MountRequest> mounts);

}  // namespace aileron::modes
