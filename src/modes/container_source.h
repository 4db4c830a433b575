// ContainerSource: the devcontainer.json of a workspace with what a plan of it needs from this
// machine, for "sandbox plan", "policy trust" and launches.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/plan.h"
#include "image/store.h"
#include "modes/command.h"
#include "os/paths.h"

namespace aileron::modes {

// A mistake in a file is one of configuration (78).
Failure BadFile(Error error);

// `workspace` is absolute and resolved; `named` is what --config names, or empty. Without an image,
// which is the caller's to say.
std::expected<image::PlanInput, Failure> PlanInputOf(const os::Paths& paths,
                                                     const std::string& workspace,
                                                     const std::string& named);

// The caller's environment, as far as it is UTF-8.
std::map<std::string, std::string, std::less<>> HostVariables();

// The workspace that a file at one of the usual places belongs to; else the file's own folder.
std::string WorkspaceOf(std::string_view config_file);

// What waits for trust in the file, a line each.
std::vector<std::string> WaitsForTrust(const image::SandboxPlan& plan);

// Of what is refused: "FILE:LINE: FIELD: why".
Error RefusalOf(const image::SandboxPlan& plan, const image::FieldReport& refused);

// Whether the plan's image is built and not named (modes/building.h).
bool IsBuilt(const image::SandboxPlan& plan);

// Where the image of a plan is that is named; nothing for the host's root, and where it is built.
// kDenied for an image that a project may not name.
Result<std::optional<image::Reference>> ReferenceOfPlan(const image::SandboxPlan& plan,
                                                        const image::PlanInput& input);

// What an engine is asked for: the plan's image as a person names it, and a project's by its whole
// name in a registry, since engines complete names by what they have. kDenied for an image that a
// project may not name; of what it names with a registry, an engine may have one of its own.
Result<std::string> NameInEngineOf(const image::SandboxPlan& plan, const image::PlanInput& input);

// What an image says of itself (image/metadata.h); empty for nothing.
std::string LabelOf(const image::Image& image);
// The image of a name, where the store has it; nobody is asked what the name means now.
std::optional<image::Image> ImageInStore(const image::Reference& reference);
// What the plan's image says of itself, where the store has it.
std::string StoredLabel(const image::SandboxPlan& plan, const image::PlanInput& input);

}  // namespace aileron::modes
