#include "build/feature_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/testing_image.h"
#include "os/beneath.h"

namespace aileron::build {
namespace {

using image::DigestOf;
using image::TarEnd;
using image::TarEntryBytes;
using testing::HasSubstr;

class FeatureStoreTest : public testing::Test {
 protected:
  Result<FetchedFeature> Add(std::string_view bytes, const std::string& digest = {},
                             const std::optional<image::Digest>& promised = std::nullopt) {
    image::Blob blob{.file = {}, .size = bytes.size(), .feed = nullptr};
    blob.file = *os::MemoryFileHolding(bytes);
    return store_->Add(name_, digest, blob, promised);
  }

  image::TestFolder folder_;
  Result<FeatureStore> store_ = FeatureStore::Open(folder_.In("features"));
  FeatureName name_ = *ParseFeatureName("x.io/a/b:1");
  std::string tar_ = TarEntryBytes("./install.sh", "echo") + TarEnd();
};

TEST_F(FeatureStoreTest, WhatIsAddedIsFoundByItsName) {
  EXPECT_EQ(store_->Find(name_).error().code, Code::kNotFound);
  const image::Digest archive = DigestOf(tar_);
  const std::string manifest = DigestOf("m").Text();
  const auto added = Add(tar_, manifest, archive);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->digest, manifest);
  EXPECT_EQ(*os::ReadFile(added->folder + "/install.sh"), "echo");
  EXPECT_EQ(store_->Find(name_)->folder, added->folder);
  EXPECT_EQ(store_->Find(*ParseFeatureName("X.io/a/b:1"))->digest, manifest);
  const FeatureName other = *ParseFeatureName("x.io/a/b:2");
  EXPECT_FALSE(store_->Find(other));
  EXPECT_TRUE(store_->AddName(other, manifest, archive));
  EXPECT_EQ(store_->Find(other)->folder, added->folder);
  EXPECT_FALSE(store_->AddName(other, manifest, DigestOf("x")));
  // Of a tarball the digest is its own.
  EXPECT_EQ(Add(tar_)->digest, archive.Text());
}

TEST_F(FeatureStoreTest, WhatIsNotWhatWasPromisedIsNotThere) {
  EXPECT_THAT(Add(tar_, {}, DigestOf("else")).error().message, HasSubstr(DigestOf("else").Text()));
  EXPECT_FALSE(Add("no tar at all", {}, DigestOf("no tar at all")));
  EXPECT_FALSE(Add(tar_.substr(0, 520)));
  EXPECT_FALSE(store_->Find(name_));
  EXPECT_FALSE(folder_.Has("features/content/new"));
}

TEST_F(FeatureStoreTest, NothingIsWrittenOutside) {
  for (const std::string& tar :
       {TarEntryBytes("../out", "x"),
        TarEntryBytes("a", "", '2', folder_.path()) + TarEntryBytes("a/out", "x"),
        TarEntryBytes("/out", "x"), TarEntryBytes("a", "", '1', "../../names/x")}) {
    (void)Add(tar + TarEnd());
    EXPECT_FALSE(folder_.Has("features/content/out"));
    EXPECT_FALSE(folder_.Has("out"));
    EXPECT_NE(access("/out", F_OK), 0);
  }
}

TEST_F(FeatureStoreTest, ABombIsGivenUp) {
  std::string bomb;
  for (int i = 0; i < 50'001; ++i) bomb += TarEntryBytes(fmt::format("{}", i), "");
  EXPECT_THAT(Add(bomb + TarEnd()).error().message, HasSubstr("50000"));
  EXPECT_FALSE(folder_.Has("features/content/new"));
}

TEST_F(FeatureStoreTest, WhatCannotBeReadIsNotThere) {
  ASSERT_TRUE(Add(tar_));
  const auto names = folder_.In("features/names/");
  for (const std::string& text : {std::string(), std::string("x y\n"), DigestOf("a").Text()}) {
    for (const auto& file : *os::ListBeneath(os::Fd(open(names.c_str(), O_RDONLY)), ".")) {
      folder_.Write("features/names/" + file, text);
    }
    EXPECT_EQ(store_->Find(name_).error().code, Code::kNotFound);
  }
  ASSERT_TRUE(Add(tar_));
  const FeatureName pinned = *ParseFeatureName("x.io/a/b@" + DigestOf("m").Text());
  ASSERT_TRUE(store_->AddName(pinned, DigestOf("other").Text(), DigestOf(tar_)));
  EXPECT_FALSE(store_->Find(pinned)) << "its name is its digest";
}

TEST_F(FeatureStoreTest, WhatWasDamagedIsMadeAnew) {
  const auto added = Add(tar_);
  folder_.Write("features/content/" + DigestOf(tar_).hex + "/install.sh", "damaged");
  ASSERT_TRUE(Add(tar_));
  EXPECT_EQ(*os::ReadFile(added->folder + "/install.sh"), "echo");
  ASSERT_TRUE(store_->Clear());
  EXPECT_FALSE(store_->Find(name_));
}

}  // namespace
}  // namespace aileron::build
