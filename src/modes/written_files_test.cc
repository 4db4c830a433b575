#include "modes/written_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace aileron::modes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WrittenFilesTest : public testing::Test {
 protected:
  WrittenFilesTest() : folder_(testing::TempDir() + "written_files") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ + "/below");
    std::ofstream(folder_ + "/below/file") << "x";
  }
  ~WrittenFilesTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_;
  const Time now_ = Now();
  static constexpr Duration kHour = std::chrono::hours(1);
};

TEST_F(WrittenFilesTest, AFileCountsWhereItsTimeLiesBetween) {
  EXPECT_THAT(FilesWritten(folder_, now_ - kHour, now_ + kHour, 10).files,
              ElementsAre("below/file"));
  EXPECT_THAT(FilesWritten(folder_, now_ + kHour, now_ + 2 * kHour, 10).files, IsEmpty());
  EXPECT_THAT(FilesWritten(folder_, now_ - 2 * kHour, now_ - kHour, 10).files, IsEmpty());
}

TEST_F(WrittenFilesTest, WhatLiesBeyondTheBoundIsSaidToBeMissing) {
  EXPECT_TRUE(FilesWritten(folder_, now_ - kHour, now_ + kHour, 2).complete);
  EXPECT_FALSE(FilesWritten(folder_, now_ - kHour, now_ + kHour, 1).complete);
}

}  // namespace
}  // namespace aileron::modes
