// BaseImage: aileron's own image, which it builds of a text of its own (images/base/Dockerfile).
#pragma once

#include <string_view>

#include "base/result.h"
#include "build/recipe.h"

namespace aileron::build {

// Its Dockerfile.
std::string_view BaseDockerfile();

// All that it is built from. Its config_file is no file, but what messages call it.
Result<Recipe> BaseRecipe();

}  // namespace aileron::build
