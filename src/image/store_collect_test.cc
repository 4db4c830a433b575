#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/store.h"
#include "image/testing_image.h"
#include "image/testing_unpack.h"
#include "os/beneath.h"

namespace aileron::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class StoreCollectTest : public testing::Test {
 protected:
  Image Add(const std::string& name, std::vector<std::string> layers) {
    TestLayout layout;
    layout.AddImage({.layers = std::move(layers)});
    layout.WriteTo(folder_, name);
    const Reference reference = ParseReference("oci:" + folder_.In(name)).value();
    return store_.Add(reference, *OpenSource(reference).value(), HostPlatform()).value();
  }
  // Was used last so long before now.
  void Age(const Image& image, Duration age) {
    const auto then =
        std::chrono::duration_cast<std::chrono::seconds>((now_ - age).time_since_epoch());
    const timespec times[2] = {{then.count(), 0}, {then.count(), 0}};
    const std::string lease = folder_.In("store/images/sha256/" + image.digest.hex + ".lock");
    ASSERT_EQ(utimensat(AT_FDCWD, lease.c_str(), times, 0), 0);
  }
  std::vector<std::string> Files(const std::string& name) const {
    const os::Fd folder(open(folder_.In("store").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return os::ListBeneath(folder, name).value();
  }
  std::vector<Digest> Images() const {
    std::vector<Digest> digests;
    for (const StoredImage& image : store_.List().value()) digests.push_back(image.digest);
    return digests;
  }

  TestFolder folder_;
  Store store_ = Store::Open(folder_.In("store"), UnpackAsFile).value();
  const Time now_ = Now();
};

TEST_F(StoreCollectTest, AListSaysWhatThereIs) {
  const Image one = Add("a", {"lower", "up"}), two = Add("b", {"lower"});
  Add("also-b", {"lower"});
  Age(one, std::chrono::hours(1));
  const Lease lease = store_.Use(two).value();
  const auto listed = store_.List().value();
  ASSERT_THAT(listed, SizeIs(2));
  EXPECT_EQ(listed[0].digest, two.digest) << "the latest used first";
  EXPECT_TRUE(listed[0].in_use);
  EXPECT_THAT(listed[0].names,
              UnorderedElementsAre("oci:" + folder_.In("b"), "oci:" + folder_.In("also-b")));
  EXPECT_FALSE(listed[1].in_use);
  EXPECT_EQ(listed[1].bytes, 7u);
  EXPECT_EQ(listed[1].layers, 2u);
}

TEST_F(StoreCollectTest, WhatIsUsedForTooLongGoesAndWhatIsInUseStays) {
  const Image old = Add("a", {"shared", "old"}), used = Add("b", {"used"}),
              fresh = Add("c", {"shared"});
  const Lease lease = store_.Use(used).value();
  Age(old, std::chrono::hours(25));
  Age(used, std::chrono::hours(25));
  const auto collected = store_.Collect({.unused_for = std::chrono::hours(24)}, now_).value();
  EXPECT_THAT(collected.images, ElementsAre(old.digest));
  EXPECT_EQ(collected.layers, 1u);
  EXPECT_EQ(collected.bytes, 3u);
  EXPECT_THAT(Images(), UnorderedElementsAre(used.digest, fresh.digest));
  EXPECT_THAT(Files("layers/sha256"),
              UnorderedElementsAre(DigestOf("shared").hex, DigestOf("used").hex));
  EXPECT_THAT(Files("tmp"), IsEmpty());
  EXPECT_THAT(Files("names"), SizeIs(2));
}

TEST_F(StoreCollectTest, TheOnesUsedLongestAgoGoUntilTheRestFits) {
  const Image one = Add("a", {"11111"}), two = Add("b", {"2222"}), three = Add("c", {"333"});
  Age(one, std::chrono::hours(3));
  Age(two, std::chrono::hours(2));
  Age(three, std::chrono::hours(1));
  EXPECT_THAT(store_.Collect({.bytes = 12}, now_)->images, IsEmpty());
  EXPECT_THAT(store_.Collect({.bytes = 11}, now_)->images, ElementsAre(one.digest));
  EXPECT_THAT(store_.Collect({.bytes = 0}, now_)->images, SizeIs(2));
  EXPECT_THAT(Files("layers/sha256"), IsEmpty());
}

TEST_F(StoreCollectTest, LeftoversThatBelongToNoImageGo) {
  const Image image = Add("a", {"kept"});
  folder_.Write("store/layers/sha256/" + DigestOf("orphan").hex + "/layer.json", "{}");
  folder_.Write("store/names/x.json.1.new", "");
  folder_.Write("store/images/sha256/" + DigestOf("x").hex + ".lock", "");
  folder_.Write("store/images/sha256/" + DigestOf("damaged").hex + ".json", "{");
  folder_.Write("store/tmp/half/fs/x", "");
  const auto collected = store_.Collect({}, now_).value();
  EXPECT_EQ(collected.layers, 1u);
  EXPECT_THAT(collected.images, ElementsAre(DigestOf("damaged")));
  EXPECT_THAT(Files("names"), SizeIs(1));
  EXPECT_THAT(Files("images/sha256"), SizeIs(2));
  EXPECT_THAT(Files("tmp"), IsEmpty());
  EXPECT_TRUE(store_.Use(image));
}

TEST_F(StoreCollectTest, AnImageIsRemovedByNameOrDigestButNotWhileItIsUsed) {
  const Image one = Add("a", {"one"}), two = Add("b", {"two"}), three = Add("c", {"three"});
  EXPECT_EQ(store_.Remove("oci:/nothing").error().code, Code::kNotFound);
  EXPECT_EQ(store_.Remove(one.digest.hex.substr(0, limits::kDigestPrefixMin - 1)).error().code,
            Code::kNotFound);
  {
    const Lease lease = store_.Use(one).value();
    EXPECT_THAT(store_.Remove(one.reference).error().message, HasSubstr("in use by a sandbox"));
  }
  EXPECT_THAT(store_.Remove(one.reference)->images, ElementsAre(one.digest));
  EXPECT_THAT(store_.Remove(two.digest.Text())->images, ElementsAre(two.digest));
  EXPECT_THAT(store_.Remove(three.digest.hex.substr(0, limits::kDigestPrefixMin))->images,
              ElementsAre(three.digest));
  EXPECT_THAT(Images(), IsEmpty());
  EXPECT_THAT(Files("names"), IsEmpty());
  EXPECT_EQ(store_.Use(one).error().code, Code::kNotFound);
}

TEST_F(StoreCollectTest, ANameOfSeveralGoesAlone) {
  const Image one = Add("a", {"same"}), again = Add("b", {"same"});
  ASSERT_EQ(one.digest, again.digest);
  EXPECT_THAT(store_.Remove(one.reference)->images, IsEmpty());
  EXPECT_THAT(Images(), SizeIs(1));
  EXPECT_THAT(store_.Remove(again.reference)->images, SizeIs(1));
}

}  // namespace
}  // namespace aileron::image
