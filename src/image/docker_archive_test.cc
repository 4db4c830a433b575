#include "image/docker_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/json_fields.h"
#include "image/limits.h"

namespace aileron::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(DockerArchive, ItsImagesAreChosenByTag) {
  const auto images =
      ParseArchiveImages(
          R"([{"Config":"a.json","RepoTags":["debian:12","BAD"],"Layers":["a.tar","b.tar"]},
                              {"Config":"b.json","RepoTags":null,"Layers":null}])",
          "x.tar")
          .value();
  ASSERT_EQ(images.size(), 2u);
  EXPECT_THAT(images[0].tags, ElementsAre("docker.io/library/debian:12"));
  EXPECT_THAT(images[0].layers, ElementsAre("a.tar", "b.tar"));
  EXPECT_EQ(ChooseArchiveImage(images, "docker.io/library/debian:12", "x")->config, "a.json");
  EXPECT_THAT(ChooseArchiveImage(images, "", "x.tar").error().message,
              HasSubstr("x.tar has 2 images; name one behind a \":\": it has docker.io/library/"));
  EXPECT_THAT(ChooseArchiveImage(images, "docker.io/library/debian:13", "x.tar").error().message,
              HasSubstr("no image docker.io/library/debian:13"));
  EXPECT_EQ(ChooseArchiveImage({images[1]}, "", "x")->config, "b.json");
  EXPECT_THAT(ChooseArchiveImage({}, "", "x").error().message, HasSubstr("has 0 images"));
}

TEST(DockerArchive, WhatIsNoListIsRefused) {
  const auto error = [](const Json& json) {
    const auto images = ParseArchiveImages(json.dump(), "x.tar");
    return images ? std::string("none") : images.error().message;
  };
  EXPECT_THAT(error(Json::object()), HasSubstr("no list of images"));
  EXPECT_THAT(error({1}), HasSubstr("[0] is number, not an object"));
  EXPECT_THAT(error({{{"Layers", Json::array()}}}), HasSubstr("Config is missing"));
  EXPECT_THAT(error({{{"Config", "c"}, {"Layers", "x"}}}), HasSubstr("Layers is string"));
  EXPECT_THAT(error(std::vector(limits::kArchiveImagesMax + 1, Json{{"Config", "c"}})),
              HasSubstr("more than 1000 images"));
  EXPECT_THAT(
      error({{{"Config", "c"}, {"Layers", std::vector(limits::kLayersMax + 1, std::string("l"))}}}),
      HasSubstr("more than 500 layers"));
  EXPECT_THAT(error({{{"Config", std::string(limits::kArchiveNameMax + 1, 'c')}}}),
              HasSubstr("longer than"));
  EXPECT_FALSE(ParseArchiveImages(std::string(limits::kArchiveManifestMax + 1, ' '), "x"));
}

}  // namespace
}  // namespace aileron::image
