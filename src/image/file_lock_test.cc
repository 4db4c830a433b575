#include "image/file_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "image/testing_image.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;
using Kind = FileLock::Kind;

class FileLockTest : public testing::Test {
 protected:
  bool Free(Kind kind) const {
    const auto lock = FileLock::Try(path_, kind);
    return lock.has_value() && lock->has_value();
  }
  TestFolder folder_;
  std::string path_ = folder_.In("lock");
};

TEST_F(FileLockTest, OneAloneOrManyShareIt) {
  {
    const auto shared = FileLock::Try(path_, Kind::kShared);
    ASSERT_TRUE(shared && *shared);
    EXPECT_TRUE(Free(Kind::kShared));
    EXPECT_FALSE(Free(Kind::kAlone));
  }
  const auto alone = FileLock::Try(path_, Kind::kAlone);
  ASSERT_TRUE(alone && *alone);
  EXPECT_FALSE(Free(Kind::kShared));
}

TEST_F(FileLockTest, WhatIsRemovedIsNoLockAnyMore) {
  auto first = FileLock::Wait(path_, Kind::kAlone, std::chrono::seconds(1), "nobody").value();
  std::thread other([&] {
    auto second = FileLock::Wait(path_, Kind::kAlone, std::chrono::seconds(20), "the first");
    ASSERT_TRUE(second);
    EXPECT_FALSE(Free(Kind::kAlone)) << "it holds a file that has no name";
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  first.Remove();
  other.join();
}

TEST_F(FileLockTest, WaitingEndsAndSaysForWhom) {
  const auto held = FileLock::Try(path_, Kind::kAlone);
  const auto lock =
      FileLock::Wait(path_, Kind::kShared, std::chrono::milliseconds(5), "another launch");
  EXPECT_EQ(lock.error().code, Code::kUnavailable);
  EXPECT_THAT(lock.error().message, HasSubstr("held by another launch"));
}

TEST_F(FileLockTest, AMissingFileIsMadeOrToldOf) {
  EXPECT_EQ(FileLock::Try(path_, Kind::kShared, FileLock::Missing::kFail).error().code,
            Code::kNotFound);
  EXPECT_FALSE(folder_.Has("lock"));
  EXPECT_TRUE(FileLock::Try(path_, Kind::kShared));
  EXPECT_TRUE(folder_.Has("lock"));
}

}  // namespace
}  // namespace aileron::image
