#include "image/layer_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "image/limits.h"
#include "image/testing_image.h"
#include "image/testing_unpack.h"

namespace aileron::image {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LayerWorkTest : public testing::Test {
 protected:
  // An image whose layers have these bytes, resolved.
  void Make(std::vector<std::string> layers, Algorithm algorithm = Algorithm::kSha256) {
    TestLayout layout;
    layout.AddImage({.layers = std::move(layers)}, {}, algorithm);
    layout.WriteTo(folder_, "layout");
    source_ = OpenSource(ParseReference("oci:" + folder_.In("layout")).value()).value();
    resolved_ = source_->Resolve(HostPlatform()).value();
    for (std::size_t i = 0; i < resolved_.layers.size(); ++i) {
      jobs_.push_back({.layer = &resolved_.layers[i], .folder = folder_.In(std::to_string(i))});
    }
  }
  Status Run(const LayerUnpacker& unpack = UnpackAsFile) {
    return UnpackAll(*source_, jobs_, unpack, {});
  }

  TestFolder folder_;
  std::unique_ptr<Source> source_;
  Resolved resolved_;
  std::vector<LayerJob> jobs_;
};

TEST_F(LayerWorkTest, EachLayerGetsItsFolderAndResult) {
  Make({"one", "second"});
  ASSERT_TRUE(Run());
  EXPECT_EQ(*os::ReadFile(folder_.In("1/content")), "second");
  EXPECT_EQ(jobs_[0].result.diff_id, DigestOf("one"));
}

TEST_F(LayerWorkTest, Sha512IsVerifiedToo) {
  Make({"one"}, Algorithm::kSha512);
  EXPECT_TRUE(Run());
  folder_.Write("layout/" + resolved_.layers[0].name, "two");
  EXPECT_THAT(Run().error().message,
              AllOf(HasSubstr("blobs/sha512/"), HasSubstr("its digest is sha512:")));
}

TEST_F(LayerWorkTest, ALayerThatLiesIsNamedAndAllAreRemoved) {
  Make({"one", "two", "six"});
  folder_.Write("layout/" + resolved_.layers[1].name, "TWO");
  const Status done = Run();
  EXPECT_EQ(done.error().code, Code::kInvalid);
  EXPECT_THAT(done.error().message,
              AllOf(HasSubstr(resolved_.layers[1].name), HasSubstr(DigestOf("two").Text())));
  for (const char* name : {"0", "1", "2"}) EXPECT_FALSE(folder_.Has(name)) << name;
}

TEST_F(LayerWorkTest, ADiffIdThatLiesIsNamed) {
  Make({"one"});
  resolved_.layers[0].diff_id = DigestOf("another");
  EXPECT_THAT(Run().error().message, HasSubstr(DigestOf("another").Text() + " was promised"));
  EXPECT_FALSE(folder_.Has("0"));
}

TEST_F(LayerWorkTest, TheFirstThatFailsGivesTheOthersUp) {
  Make({"one", "two", "three", "four", "five", "six"});
  const Status done =
      Run([](const Blob&, const SourceLayer& layer, const std::string&,
             const std::function<Status(std::uint64_t)>& told) -> Result<LayerResult> {
        if (layer.size == 5) return Fail(Code::kUnavailable, "the disk is full");
        // As a long one: until it is told to give up.
        while (true) {
          AILERON_TRY(told(0));
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          if (layer.size != 3) continue;
          return UnpackResult(layer);
        }
      });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the disk is full");
}

TEST_F(LayerWorkTest, ThreadsAreBoundedAndProgressCountsAllBytes) {
  Make({"1", "12", "123", "1234", "12345", "123456", "1234567", "12345678"});
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::uint64_t last = 0;
  const auto mine = std::this_thread::get_id();
  const Status done = UnpackAll(
      *source_, jobs_,
      [&](const Blob& blob, const SourceLayer& layer, const std::string& folder,
          const std::function<Status(std::uint64_t)>& told) {
        {
          const std::scoped_lock lock(mutex);
          threads.insert(std::this_thread::get_id());
        }
        return UnpackAsFile(blob, layer, folder, told);
      },
      [&](std::uint64_t read, std::uint64_t all) {
        EXPECT_EQ(all, 36u);
        EXPECT_GE(read, last);
        EXPECT_EQ(std::this_thread::get_id(), mine);
        last = read;
      });
  ASSERT_TRUE(done);
  EXPECT_LE(threads.size(), limits::kThreadsMax);
  EXPECT_EQ(last, 36u);
}

}  // namespace
}  // namespace aileron::image
