#include "engine/load_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "image/platform.h"
#include "image/testing_image.h"

namespace aileron::engine {
namespace {

using testing::HasSubstr;

TEST(LoadArchive, ALabelIsAddedAndAllElseStays) {
  const auto labelled = WithLabel(
      R"({"os":"linux","config":{"User":"a","Labels":{"x":"y"}},"n":1})", "name", "value");
  ASSERT_TRUE(labelled);
  EXPECT_EQ(*labelled,
            R"({"os":"linux","config":{"User":"a","Labels":{"x":"y","name":"value"}},"n":1})");
  for (const char* bare : {R"({"os":"linux"})", R"({"os":"linux","config":null})",
                           R"({"os":"linux","config":{"Labels":null}})"}) {
    EXPECT_THAT(WithLabel(bare, "name", "value").value(),
                HasSubstr(R"("Labels":{"name":"value"})"));
  }
  for (const char* bad : {"", "[]", "{", "1"}) EXPECT_FALSE(WithLabel(bad, "a", "b")) << bad;
}

TEST(LoadArchive, WhatIsSentReadsBackAsTheSameImage) {
  const image::TestFolder folder;
  image::TestImage made{.layers = {std::string(1024, '\0'), std::string(700, 'x')}};
  made.run = {{"User", "node"}};
  image::TestLayout layout;
  layout.AddImage(made, "it");
  layout.WriteTo(folder, "layout");
  const auto source = image::OpenSource(
      {.transport = image::Transport::kOciLayout, .file = folder.In("layout"), .tag = "it"});
  ASSERT_TRUE(source);
  const auto resolved = (*source)->Resolve(image::HostPlatform());
  ASSERT_TRUE(resolved) << resolved.error().message;
  const std::string tag = "localhost/aileron-built:key";
  auto archive = LoadArchive::Make(**source, *resolved, tag, "the-key");
  ASSERT_TRUE(archive);
  std::string sent;
  char piece[333];
  while (true) {
    const auto count = archive->Read(piece);
    ASSERT_TRUE(count) << count.error().message;
    if (*count == 0) break;
    sent.append(piece, *count);
  }
  EXPECT_EQ(sent.size(), archive->size());
  folder.Write("it.tar", sent);
  const auto loaded = image::OpenSource(
      {.transport = image::Transport::kDockerArchive, .file = folder.In("it.tar"), .tag = tag});
  ASSERT_TRUE(loaded);
  const auto again = (*loaded)->Resolve(image::HostPlatform());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->digest.Text(), archive->id());
  EXPECT_EQ(again->config.diff_ids, resolved->config.diff_ids);
  EXPECT_EQ(again->config.user, "node");
  EXPECT_EQ(again->config.labels.at(std::string(kImageLabel)), "the-key");
  const auto layer = (*loaded)->Open(again->layers[1]);
  ASSERT_TRUE(layer);
  EXPECT_EQ(os::ReadAll(layer->file, "layer", 1 << 20)->substr(0, 700), made.layers[1]);
}

}  // namespace
}  // namespace aileron::engine
