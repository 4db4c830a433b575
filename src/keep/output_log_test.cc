#include "keep/output_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace aileron::keep {
namespace {

class OutputLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/aileron-output-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(OutputLogTest, KeepsTheLastPartAndNoMoreThanTwice) {
  EXPECT_EQ(OutputReader::Open(folder_).error().code, Code::kNotFound);
  auto log = OutputLog::Open(folder_, 10);
  ASSERT_TRUE(log);
  log->Write("one\n");
  EXPECT_EQ(OutputReader::Open(folder_)->Next(), "one\n");
  for (int i = 0; i < 1000; ++i) {
    log->Write(fmt::format("{:03}\n", i));
    const std::string text = OutputReader::Open(folder_)->Next();
    ASSERT_LE(text.size(), 24);
    ASSERT_TRUE(text.ends_with(fmt::format("{:03}\n", i)));
  }
}

TEST_F(OutputLogTest, AReaderFollowsAcrossFiles) {
  auto log = OutputLog::Open(folder_, 10);
  ASSERT_TRUE(log);
  auto reader = OutputReader::Open(folder_);
  ASSERT_TRUE(reader);
  std::string written, read;
  for (int i = 0; i < 100; ++i) {
    log->Write(fmt::format("{:03}\n", i));
    written += fmt::format("{:03}\n", i);
    if (i % 2 == 0) read += reader->Next();
  }
  EXPECT_EQ(read + reader->Next(), written);
}

TEST_F(OutputLogTest, ALinkIsNotFollowed) {
  std::filesystem::create_symlink(folder_ + "/other", folder_ + "/output");
  EXPECT_FALSE(OutputLog::Open(folder_, 10));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/other"));
}

TEST(LastLines, AreCountedFromTheEnd) {
  EXPECT_EQ(LastLines("a\nb\nc\n", 2), "b\nc\n");
  EXPECT_EQ(LastLines("a\nb\nc", 2), "b\nc");
  EXPECT_EQ(LastLines("a\nb\n", 5), "a\nb\n");
  EXPECT_EQ(LastLines("a\nb\n", 0), "");
  EXPECT_EQ(LastLines("\n\n\n", 1), "\n");
  EXPECT_EQ(LastLines("", 3), "");
}

}  // namespace
}  // namespace aileron::keep
