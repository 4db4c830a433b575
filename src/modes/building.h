// Building: what a project's devcontainer.json has built, as verbs use it.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "build/build_folder.h"
#include "build/recipe.h"
#include "image/config_file.h"
#include "image/plan.h"
#include "image/store.h"
#include "modes/command.h"
#include "os/paths.h"

namespace aileron::modes {

struct Building {
  build::BuildFolder folder;
  build::Recipe recipe;
  // What it means in the store, and whether it is there.
  image::Reference name;
  std::optional<image::Image> image;
};

// A mistake in a file is one of configuration (78).
Failure BadFile(Error error);

// What the sandbox of `workspace` is; `image` is --image, or empty. The file sees no variable of
// the host that launches do not pass on: what goes into an image is no secret, whoever trusts the
// file. 78 for a file that is wrong, or that nothing starts with.
std::expected<image::SandboxPlan, Failure> PlanToBuild(
    const std::string& workspace, const std::optional<image::ConfigFile>& config,
    const std::string& image);

// Whether its image is built, and not named.
bool Builds(const image::SandboxPlan& plan);

// Reads the project, and starts nothing. `plan` is PlanToBuild's.
std::expected<Building, Failure> BuildingOf(const os::Paths& paths, const image::Store& store,
                                            const std::string& workspace,
                                            const image::ConfigFile& config,
                                            const image::SandboxPlan& plan);

struct BuildWishes {
  std::string builder;  // one of build::kBuilderNames, or empty
  bool no_cache = false;
  bool quiet = false;
  bool agreed = false;  // the person has said yes beforehand
};

// The image, built if need be: then the person is asked first (77 where nobody can be, or the
// answer is no). What was agreed to once is built without a question, as long as it is the same.
std::expected<build::Made, Failure> MakeImage(const os::Paths& paths, const image::Store& store,
                                              Building& building, const BuildWishes& wishes);

}  // namespace aileron::modes
