#include "build/stat_cache.h"

#include <gtest/gtest.h>

#include <fstream>

#include "image/testing_image.h"

namespace aileron::build {
namespace {

struct stat Info(std::uint64_t inode, std::int64_t changed) {
  struct stat info{};
  info.st_dev = 1;
  info.st_ino = inode;
  info.st_size = 5;
  info.st_mtim = {.tv_sec = 50, .tv_nsec = 7};
  info.st_ctim = {.tv_sec = changed, .tv_nsec = 9};
  return info;
}

const Time kNow{std::chrono::seconds(1'000)};

TEST(StatCache, RemembersUntilAnyOfItChanges) {
  const image::TestFolder folder;
  const std::string path = folder.In("stat");
  StatCache first(path);
  first.Add(Info(2, 90), crypto::Hash("two"), kNow);
  first.Add(Info(1, 90), crypto::Hash("one"), kNow);
  first.Add(Info(1, 90), crypto::Hash("one"), kNow);  // a hard link
  ASSERT_TRUE(first.Save());

  const StatCache second(path);
  EXPECT_EQ(second.Find(Info(1, 90)), crypto::Hash("one"));
  EXPECT_EQ(second.Find(Info(2, 90)), crypto::Hash("two"));
  EXPECT_EQ(second.Find(Info(3, 90)), std::nullopt);
  EXPECT_EQ(second.Find(Info(1, 91)), std::nullopt);
  struct stat other = Info(1, 90);
  other.st_size = 6;
  EXPECT_EQ(second.Find(other), std::nullopt);
  other = Info(1, 90);
  other.st_mtim.tv_nsec = 8;
  EXPECT_EQ(second.Find(other), std::nullopt);
  other = Info(1, 90);
  other.st_dev = 2;
  EXPECT_EQ(second.Find(other), std::nullopt);
}

TEST(StatCache, AFileThatMayChangeUnseenIsNotKept) {
  const image::TestFolder folder;
  StatCache cache(folder.In("stat"));
  cache.Add(Info(1, 999), crypto::Hash("fresh"), kNow);
  cache.Add(Info(2, 2'000), crypto::Hash("of the future"), kNow);
  cache.Add(Info(3, 997), crypto::Hash("settled"), kNow);
  ASSERT_TRUE(cache.Save());
  const StatCache read(folder.In("stat"));
  EXPECT_EQ(read.Find(Info(1, 999)), std::nullopt);
  EXPECT_EQ(read.Find(Info(2, 2'000)), std::nullopt);
  EXPECT_EQ(read.Find(Info(3, 997)), crypto::Hash("settled"));
}

TEST(StatCache, ADamagedFileCountsAsEmpty) {
  const image::TestFolder folder;
  const std::string path = folder.In("stat");
  StatCache cache(path);
  cache.Add(Info(1, 90), crypto::Hash("one"), kNow);
  ASSERT_TRUE(cache.Save());
  const std::string whole = os::ReadFile(path).value();
  for (const std::size_t at : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    folder.Write("stat", damaged);
    EXPECT_EQ(StatCache(path).Find(Info(1, 90)), std::nullopt) << at;
  }
  folder.Write("stat", whole.substr(0, whole.size() - 1));
  EXPECT_EQ(StatCache(path).Find(Info(1, 90)), std::nullopt);
  folder.Write("stat", whole);
  EXPECT_TRUE(StatCache(path).Find(Info(1, 90)));
}

TEST(StatCache, WhatIsTheSameIsNotWrittenAgain) {
  const image::TestFolder folder;
  const std::string path = folder.In("stat");
  StatCache first(path);
  first.Add(Info(1, 90), crypto::Hash("one"), kNow);
  ASSERT_TRUE(first.Save());
  struct stat before, after;
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  StatCache second(path);
  second.Add(Info(1, 90), crypto::Hash("one"), kNow);
  ASSERT_TRUE(second.Save());
  ASSERT_EQ(stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  StatCache third(path);
  ASSERT_TRUE(third.Save());
  EXPECT_EQ(StatCache(path).Find(Info(1, 90)), std::nullopt) << "what is gone is forgotten";
}

}  // namespace
}  // namespace aileron::build
