#include "image/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "image/testing_image.h"
#include "image/testing_unpack.h"
#include "os/beneath.h"

namespace aileron::image {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class StoreTest : public testing::Test {
 protected:
  static Reference Parsed(const std::string& text) { return ParseReference(text).value(); }
  Store Opened(LayerUnpacker unpack = UnpackAsFile) {
    return Store::Open(folder_.In("store"), std::move(unpack)).value();
  }
  // A layout of that name with one image of these layers; its reference.
  std::string Make(const std::string& name, std::vector<std::string> layers) {
    TestLayout layout;
    layout.AddImage({.layers = std::move(layers)});
    layout.WriteTo(folder_, name);
    return "oci:" + folder_.In(name);
  }
  static Result<Image> Add(const Store& store, const std::string& text) {
    const Reference reference = Parsed(text);
    AILERON_ASSIGN(const auto source, OpenSource(reference));
    return store.Add(reference, *source, HostPlatform());
  }
  static Result<Image> Find(const Store& store, const std::string& text) {
    return store.Find(Parsed(text), HostPlatform());
  }
  std::vector<std::string> Listed(const std::string& name) const {
    const os::Fd folder(open(folder_.In("store").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return os::ListBeneath(folder, name).value();
  }
  std::vector<std::string> Contents(const Image& image) const {
    std::vector<std::string> contents;
    for (const std::string& layer : image.layers) {
      contents.push_back(*os::ReadFile(layer + "/content"));
    }
    return contents;
  }

  TestFolder folder_;
};

TEST_F(StoreTest, AnImageIsAddedOnceAndFound) {
  const Store store = Opened();
  const std::string text = Make("a", {"lower", "upper"});
  EXPECT_EQ(Find(store, text).error().code, Code::kNotFound);
  const Image added = Add(store, text).value();
  EXPECT_THAT(Contents(added), ElementsAre("lower", "upper"));
  EXPECT_EQ(added.reference, text);
  const Image found = Find(store, text).value();
  EXPECT_EQ(found.layers, added.layers);
  EXPECT_EQ(found.config, added.config);
  EXPECT_THAT(Listed("tmp"), IsEmpty());
  // By its digest, whoever named it first.
  EXPECT_TRUE(Find(store, text + "@" + added.digest.Text()));
  EXPECT_TRUE(Find(store, "debian@" + added.digest.Text()));
  EXPECT_FALSE(Find(store, "debian"));
  struct stat info;
  ASSERT_EQ(stat(store.folder().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(StoreTest, ASourceIsReadAgainOnlyWhenItChanged) {
  std::atomic<int> unpacked = 0;
  const Store store = Opened(
      [&](const Blob& blob, const SourceLayer& layer, const std::string& folder, const auto& told) {
        ++unpacked;
        return UnpackAsFile(blob, layer, folder, told);
      });
  const std::string text = Make("a", {"lower", "upper"});
  const Digest first = Add(store, text).value().digest;
  ASSERT_TRUE(Find(store, text));
  Make("a", {"lower", "newer"});
  EXPECT_THAT(Find(store, text).error().message, HasSubstr("has changed"));
  const Image second = Add(store, text).value();
  EXPECT_NE(second.digest, first);
  EXPECT_THAT(Contents(second), ElementsAre("lower", "newer"));
  EXPECT_EQ(unpacked, 3) << "a layer that was there was unpacked again";
  // What is gone means what it meant.
  ASSERT_EQ(rename(folder_.In("a").c_str(), folder_.In("moved").c_str()), 0);
  EXPECT_EQ(Find(store, text).value().digest, second.digest);
}

TEST_F(StoreTest, AnArchiveThatWasWrittenAnewIsNotTheSame) {
  const Store store = Opened();
  folder_.Write("a.tar", DockerArchiveOf({.layers = {"one"}}, "a:1"));
  const std::string text = "docker-archive:" + folder_.In("a.tar");
  ASSERT_TRUE(Add(store, text));
  EXPECT_TRUE(Find(store, text));
  EXPECT_FALSE(Find(store, text + ":a:1"));
  folder_.Write("b.tar", DockerArchiveOf({.layers = {"two"}}, "a:1"));
  ASSERT_EQ(rename(folder_.In("b.tar").c_str(), folder_.In("a.tar").c_str()), 0);
  EXPECT_FALSE(Find(store, text));
}

TEST_F(StoreTest, ALayerStandsOnceAndWhatIsHiddenAsAWholeIsLeftOut) {
  const Store store =
      Opened([&](const Blob& blob, const SourceLayer& layer, const std::string& folder,
                 const auto& told) -> Result<LayerResult> {
        AILERON_ASSIGN(LayerResult result, UnpackAsFile(blob, layer, folder, told));
        result.is_root_opaque = layer.size == 6;
        return result;
      });
  EXPECT_THAT(Contents(Add(store, Make("a", {"one", "two", "one"})).value()),
              ElementsAre("two", "one"));
  EXPECT_THAT(Contents(Add(store, Make("b", {"one", "opaque", "two"})).value()),
              ElementsAre("opaque", "two"));
  EXPECT_THAT(Contents(Find(store, "oci:" + folder_.In("b")).value()),
              ElementsAre("opaque", "two"));
}

TEST_F(StoreTest, ABlobThatLiesIsNamedAndLeavesNothing) {
  const Store store = Opened();
  const std::string text = Make("a", {"lower", "upper"});
  const std::string blob = "a/blobs/sha256/" + DigestOf("upper").hex;
  folder_.Write(blob, "UPPER");
  const auto added = Add(store, text);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message,
              AllOf(HasSubstr(DigestOf("upper").hex), HasSubstr("Copy the image anew")));
  for (const char* place : {"tmp", "layers/sha256", "images/sha256", "names"}) {
    EXPECT_THAT(Listed(place), IsEmpty()) << place;
  }
  folder_.Write(blob, "upper");
  EXPECT_TRUE(Add(store, text));
}

TEST_F(StoreTest, TwoAtOnceDoTheWorkOnce) {
  std::atomic<int> unpacked = 0;
  const Store store = Opened(
      [&](const Blob& blob, const SourceLayer& layer, const std::string& folder, const auto& told) {
        ++unpacked;
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        return UnpackAsFile(blob, layer, folder, told);
      });
  const std::string one = Make("a", {"1", "22", "333", "4444"});
  // The same layers in another order: nobody waits for somebody who waits for him.
  const std::string two = Make("b", {"4444", "333", "22", "1"});
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto added = Add(store, i % 2 == 0 ? one : two);
      EXPECT_TRUE(added) << added.error().message;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(unpacked, 4);
  EXPECT_THAT(Listed("tmp"), IsEmpty());
  EXPECT_THAT(Listed("images/sha256"), SizeIs(4)) << "two records with their locks";
}

TEST_F(StoreTest, WhatAKilledProcessLeftIsRemovedByTheNext) {
  const std::string text = Make("a", {"lower", "upper"});
  int told[2];
  ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Store store = Opened([&](const Blob&, const SourceLayer&, const std::string& folder,
                                   const auto&) -> Result<LayerResult> {
      if (!os::MakeFolders(folder + "/half", 0700)) _exit(1);
      if (write(told[1], "x", 1) != 1) _exit(1);
      while (true) pause();
    });
    (void)Add(store, text);
    _exit(1);
  }
  char byte;
  ASSERT_EQ(read(told[0], &byte, 1), 1);
  EXPECT_THAT(Listed("tmp"), Not(IsEmpty()));
  // Nobody removes what is being made.
  const Store store = Opened();
  ASSERT_TRUE(Add(store, Make("b", {"another"})));
  EXPECT_THAT(Listed("tmp"), Not(IsEmpty()));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(Find(store, text));
  ASSERT_TRUE(Add(store, Make("c", {"third"})));
  EXPECT_THAT(Listed("tmp"), IsEmpty());
  EXPECT_THAT(Contents(Add(store, text).value()), ElementsAre("lower", "upper"));
  close(told[0]);
  close(told[1]);
}

TEST_F(StoreTest, WhatFailsInTheMiddleLeavesTheStoreAsItWas) {
  const std::string text = Make("a", {"lower", "upper"});
  {
    const Store full = Opened([](const Blob&, const SourceLayer&, const std::string& folder,
                                 const auto&) -> Result<LayerResult> {
      AILERON_TRY(os::MakeFolders(folder + "/half", 0));
      return Fail(Code::kUnavailable, "the disk is full");
    });
    EXPECT_EQ(Add(full, text).error().message, "the disk is full");
  }
  EXPECT_THAT(Listed("tmp"), IsEmpty());
  EXPECT_TRUE(Add(Opened(), text));
}

TEST_F(StoreTest, AnotherImageOfAnEnginesIsNotTaken) {
  const Store store = Opened();
  const TestImage image{.layers = {"lower"}};
  const std::string own = DigestOf(image.ConfigText()).Text();
  const std::string other = "sha256:" + std::string(64, 'a');
  folder_.Write("export.tar", DockerArchiveOf(image, "a:1"));
  const auto add = [&](const std::string& text, const std::string& stamp) {
    os::Fd file(open(folder_.In("export.tar").c_str(), O_RDONLY | O_CLOEXEC));
    auto source = OpenExport(std::move(file), text, stamp);
    return source ? store.Add(Parsed(text), **source, HostPlatform())
                  : Result<Image>(std::unexpected(source.error()));
  };
  for (const std::string& text : {"podman:" + other, "podman:x/y@" + other}) {
    const auto added = add(text, "sha256:" + std::string(64, 'd'));
    ASSERT_FALSE(added) << text;
    EXPECT_THAT(added.error().message, HasSubstr("another image"));
    EXPECT_FALSE(Find(store, text));
  }
  EXPECT_FALSE(add("podman:" + other, other));
  EXPECT_FALSE(add("podman:" + other, own));
  EXPECT_TRUE(add("podman:" + own, own));
  // A name's digest is of a manifest, and the id of the config.
  EXPECT_TRUE(add("podman:x/y@" + other, own));
  // The name of an id in the store is nobody's to say.
  const Reference reference = Parsed("podman:" + other);
  ASSERT_TRUE(store.AddName(reference, *ParseDigest(own), other));
  EXPECT_FALSE(store.Find(reference, HostPlatform()));
}

TEST_F(StoreTest, DamagedRecordsAreMadeAnew) {
  const Store store = Opened();
  const std::string text = Make("a", {"lower"});
  const Image image = Add(store, text).value();
  for (const std::string& record : {"images/sha256/" + image.digest.hex + ".json",
                                    "layers/sha256/" + DigestOf("lower").hex + "/layer.json",
                                    "names/" + DigestOf(text).hex + ".json"}) {
    folder_.Write("store/" + record, "{");
    EXPECT_EQ(Find(store, text).error().code, Code::kNotFound) << record;
    ASSERT_TRUE(Add(store, text)) << record;
    EXPECT_TRUE(Find(store, text)) << record;
  }
}

}  // namespace
}  // namespace aileron::image
