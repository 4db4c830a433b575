#include "registry/transfer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "crypto/hash.h"
#include "image/reference.h"

namespace aileron::registry {
namespace {

// A registry that nobody is at: what a transfer does without one.
class TransferTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/aileron-transfer-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string KeptPath() const {
    return folder_ + "/sha256-" + digest_.hex + "-" +
           HexEncode(crypto::Hash(repository_.name())).substr(0, 16);
  }
  void Keep(std::string_view text) { ASSERT_TRUE(os::ReplaceFile(KeptPath(), text, 0600)); }
  image::Blob Begin(std::uint64_t size) {
    return Transfer::Begin(repository_, digest_, size, folder_).value();
  }
  static std::string ReadAll(const image::Blob& blob) {
    std::string text;
    char piece[64];
    for (ssize_t count; (count = read(blob.file.get(), piece, sizeof piece)) > 0;)
      text.append(piece, static_cast<std::size_t>(count));
    return text;
  }

  std::string folder_;
  const image::Digest digest_ = image::DigestOf("whole");
  // Port 1 of this machine refuses at once.
  Repository repository_{
      image::ParseReference("127.0.0.1:1/a").value(),
      {{.url = {.tls = false, .host = "127.0.0.1", .port = 1}, .prefix = {}, .ca = {}}},
      LoginPlaces{},
      {},
      fetch::NoProxy};
};

TEST_F(TransferTest, WhatIsKeptComesFirstAndAllOfItNeedsNoRegistry) {
  Keep("whole");
  const image::Blob blob = Begin(5);
  EXPECT_EQ(ReadAll(blob), "whole");
  EXPECT_TRUE(blob.feed->Finish());
  EXPECT_TRUE(blob.feed->resumed());
  EXPECT_TRUE(std::filesystem::exists(KeptPath()));
  blob.feed->Forget();
  EXPECT_FALSE(std::filesystem::exists(KeptPath()));
}

TEST_F(TransferTest, MoreThanThereCanBeIsNotKept) {
  Keep("whole and more");
  const image::Blob blob = Begin(5);
  (void)blob.feed->Finish();
  EXPECT_FALSE(blob.feed->resumed());
  EXPECT_EQ(std::filesystem::file_size(KeptPath()), 0);
}

TEST_F(TransferTest, WhatHasComeStaysWhenItIsGivenUp) {
  Keep("who");
  const image::Blob blob = Begin(5);
  char piece[3];
  ASSERT_EQ(read(blob.file.get(), piece, sizeof piece), 3);
  EXPECT_TRUE(blob.feed->Finish());
  EXPECT_EQ(std::filesystem::file_size(KeptPath()), 3);
}

TEST_F(TransferTest, APartThatAnotherHasIsLeftToIt) {
  const image::Blob first = Begin(5);
  const image::Blob second = Begin(5);
  (void)second.feed->Finish();
  second.feed->Forget();
  EXPECT_TRUE(std::filesystem::exists(KeptPath()));
}

TEST_F(TransferTest, AReaderThatStopsAndStaysEndsIt) {
  Keep(std::string(4 << 20, 'x'));
  const image::Blob blob = Begin(5 << 20);
  char piece[3];
  ASSERT_EQ(read(blob.file.get(), piece, sizeof piece), 3);
  EXPECT_TRUE(blob.feed->Finish());
}

TEST_F(TransferTest, AReaderThatLeavesEndsItWithoutAComplaint) {
  Keep(std::string(4 << 20, 'x'));
  image::Blob blob = Begin(5 << 20);
  blob.file.Reset();
  EXPECT_TRUE(blob.feed->Finish());
}

}  // namespace
}  // namespace aileron::registry
