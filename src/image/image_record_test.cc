#include "image/image_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/limits.h"
#include "image/testing_image.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

TEST(ImageRecord, EachReadsBackAsItWasWritten) {
  const TestImage image{.layers = {"a", "b"}, .run = {{"User", "app"}}};
  ImageRecord record{.digest = DigestOf("m"), .config_text = image.ConfigText()};
  record.config = ParseConfig(record.config_text, "x").value();
  record.added = ParseTime("2026-11-26T10:00:00Z").value();
  const ImageRecord again = ParseImageRecord(Write(record), "x").value();
  EXPECT_EQ(again.digest, record.digest);
  EXPECT_EQ(again.config, record.config);
  EXPECT_EQ(again.added, record.added);

  const NameRecord name =
      ParseNameRecord(Write(NameRecord{"oci:/a:\"b", DigestOf("m", Algorithm::kSha512), "1:2"}),
                      "x")
          .value();
  EXPECT_EQ(name.reference, "oci:/a:\"b");
  EXPECT_EQ(name.digest, DigestOf("m", Algorithm::kSha512));
  EXPECT_EQ(name.stamp, "1:2");

  const LayerRecord layer = ParseLayerRecord(Write(LayerRecord{7, true}), "x").value();
  EXPECT_EQ(layer.bytes, 7u);
  EXPECT_TRUE(layer.root_opaque);
}

TEST(ImageRecord, ADamagedOneIsAnErrorThatNamesItsFile) {
  for (const std::string bad :
       {"", "{}", "[]", R"({"version":2})", R"({"version":1})", R"({"version":1,"digest":"x"})"}) {
    EXPECT_FALSE(ParseImageRecord(bad, "x")) << bad;
    EXPECT_FALSE(ParseNameRecord(bad, "x")) << bad;
  }
  EXPECT_THAT(ParseLayerRecord(R"({"version":9})", "f.json").error().message,
              HasSubstr("f.json is of version 9"));
  EXPECT_FALSE(ParseNameRecord(std::string(limits::kRecordMax + 1, ' '), "x"));
}

}  // namespace
}  // namespace aileron::image
