#include "image/archive_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/limits.h"
#include "image/testing_tar.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

Result<ArchiveIndex> IndexOf(const std::string& tar) {
  return ArchiveIndex::Read(
      [&](std::uint64_t offset, std::span<char> bytes) -> Status {
        EXPECT_LE(offset + bytes.size(), tar.size());
        tar.copy(bytes.data(), bytes.size(), offset);
        return {};
      },
      tar.size(), "x.tar");
}

// What stands in the archive under that name.
std::string Content(const std::string& tar, std::string_view name) {
  const auto index = IndexOf(tar);
  if (!index) return "error: " + index.error().message;
  const ArchiveEntry* entry = index->Find(name);
  return entry == nullptr ? "nothing" : tar.substr(entry->offset, entry->size);
}

TEST(ArchiveIndex, FilesAreFoundByTheirNames) {
  const std::string tar = TarEntryBytes("./a/", "", '5') + TarEntryBytes("./a/b", "one") +
                          TarEntryBytes("c", std::string(600, 'c')) + TarEntryBytes("d", "old") +
                          TarEntryBytes("d", "new") + TarEnd() + "rest";
  EXPECT_EQ(Content(tar, "a/b"), "one");
  EXPECT_EQ(Content(tar, "./a//b"), "one");
  EXPECT_EQ(Content(tar, "c"), std::string(600, 'c'));
  EXPECT_EQ(Content(tar, "d"), "new");
  EXPECT_EQ(Content(tar, "a"), "nothing");
  EXPECT_EQ(Content(tar, "rest"), "nothing");
}

TEST(ArchiveIndex, LongNamesAndSizesOfBothKindsAreRead) {
  const std::string name = "x/" + std::string(200, 'n');
  EXPECT_EQ(Content(PaxEntryBytes("path", name) + TarEntryBytes("short", "pax"), name), "pax");
  EXPECT_EQ(Content(TarEntryBytes("././@LongLink", name + '\0', 'L', {}, "ustar  ") +
                        TarEntryBytes("short", "gnu", '0', {}, "ustar  "),
                    name),
            "gnu");
  EXPECT_EQ(Content(PaxEntryBytes("size", "3") + TarEntryBytes("a", "pax"), "a"), "pax");
  EXPECT_EQ(Content(PaxEntryBytes("size", "99999") + TarEntryBytes("a", "pax"), "a").substr(0, 5),
            "error");
}

TEST(ArchiveIndex, OneLinkIsFollowedAndNoneLeadsOut) {
  const std::string tar =
      TarEntryBytes("l/layer.tar", "content") +
      TarEntryBytes("m/layer.tar", "", '2', "../l/layer.tar") +
      TarEntryBytes("hard", "", '1', "l/layer.tar") + TarEntryBytes("two", "", '2', "hard") +
      TarEntryBytes("loop", "", '2', "loop") + TarEntryBytes("out", "", '2', "../../etc/passwd") +
      TarEntryBytes("../etc/x", "out");
  EXPECT_EQ(Content(tar, "m/layer.tar"), "content");
  EXPECT_EQ(Content(tar, "hard"), "content");
  for (const std::string_view name : {"two", "loop", "out", "../etc/x", "etc/x"}) {
    EXPECT_EQ(Content(tar, name), "nothing") << name;
  }
}

TEST(ArchiveIndex, ADamagedArchiveIsRefused) {
  std::string tar = TarEntryBytes("a", "content") + TarEnd();
  EXPECT_THAT(Content(tar.substr(0, 515), "a"), HasSubstr("reaches beyond the end"));
  EXPECT_EQ(Content(tar.substr(0, 519), "a"), "content") << "cut in the padding";
  EXPECT_THAT(Content("short", "a"), HasSubstr("shorter than a header"));
  tar[3] ^= 1;
  EXPECT_THAT(Content(tar, "a"), HasSubstr("checksum"));
  EXPECT_THAT(Content(TarEntryBytes("pax", "12 path=a", 'x') + TarEntryBytes("a", ""), "a"),
              HasSubstr("a pax record is none"));
  EXPECT_THAT(Content(TarEntryBytes("pax", "1 a=b\n", 'x'), "a"), HasSubstr("pax record"));
  EXPECT_THAT(Content(PaxEntryBytes("GNU.sparse.major", "1") + TarEntryBytes("a", ""), "a"),
              HasSubstr("\"a\" is a sparse file"));
}

TEST(ArchiveIndex, WhatIsCompressedAsAWholeIsSaidToBe) {
  const auto index = IndexOf(std::string("\x1f\x8b\x08\0\0\0", 6) + std::string(600, 'x'));
  EXPECT_EQ(index.error().code, Code::kUnsupported);
  EXPECT_THAT(index.error().message, HasSubstr("gunzip"));
}

TEST(ArchiveIndex, EntriesNamesAndHeadersAreBounded) {
  const auto with_name = [](std::size_t size) {
    return PaxEntryBytes("path", std::string(size, 'n')) + TarEntryBytes("a", "");
  };
  EXPECT_TRUE(IndexOf(with_name(limits::kArchiveNameMax)));
  EXPECT_FALSE(IndexOf(with_name(limits::kArchiveNameMax + 1)));
  EXPECT_FALSE(IndexOf(with_name(limits::kArchiveHeaderMax)));
  std::string tar;
  const std::string one = TarEntryBytes("a", "");
  for (std::size_t i = 0; i < limits::kArchiveEntriesMax; ++i) tar += one;
  EXPECT_TRUE(IndexOf(tar));
  EXPECT_THAT(IndexOf(tar + one).error().message, HasSubstr("more than 100000 entries"));
}

}  // namespace
}  // namespace aileron::image
