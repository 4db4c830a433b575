#include "build/base_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::build {
namespace {

TEST(BaseImage, IsBuiltOfItsTextAlone) {
  const auto recipe = BaseRecipe();
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_THAT(recipe->read.images, testing::ElementsAre("docker.io/library/debian:12-slim"));
  EXPECT_EQ(recipe->dockerfile, BaseDockerfile());
  EXPECT_TRUE(recipe->context.entries.empty() && recipe->features.empty());
  EXPECT_EQ(recipe->key.size(), 64U);
  EXPECT_EQ(BaseRecipe()->key, recipe->key);
}

TEST(BaseImage, TakesNothingIn) {
  EXPECT_THAT(std::string(BaseDockerfile()), testing::Not(testing::ContainsRegex("(COPY|ADD) ")));
}

}  // namespace
}  // namespace aileron::build
