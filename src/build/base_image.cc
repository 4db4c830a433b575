#include "build/base_image.h"

namespace aileron::build {
namespace {

constexpr unsigned char kDockerfile[] = {
#embed "../../images/base/Dockerfile"
};

}  // namespace

std::string_view BaseDockerfile() {
  return {reinterpret_cast<const char*>(kDockerfile), sizeof(kDockerfile)};
}

Result<Recipe> BaseRecipe() {
  Recipe recipe{.config_file = "the image \"base\"",
                .dockerfile = std::string(BaseDockerfile()),
                .own = true};
  AILERON_ASSIGN(recipe.read, ReadDockerfile(recipe.dockerfile, recipe.config_file, {}));
  recipe.key = KeyOf(recipe);
  return recipe;
}

}  // namespace aileron::build
