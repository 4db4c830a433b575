#include "image/tar_reader.h"

#include <gmock/gmock.h>

#include "image/tar_text_test.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

// The entries of a tar, in a line each; and what their files hold.
Result<std::string> Listed(const std::string& tar) {
  const os::Fd file = os::MemoryFileHolding(tar).value();
  const LayerSource source{.descriptor = file, .name = "LAYER"};
  const LayerLimits limits;
  const Progress none;
  LayerStream stream(source, limits, none);
  TarReader reader(stream, limits);
  std::string list;
  while (true) {
    AILERON_ASSIGN(const auto entry, reader.Next());
    if (!entry) return list;
    list += fmt::format("{} {} {} {:o} {}", static_cast<int>(entry->type), entry->path,
                        entry->target, entry->mode, entry->size);
    while (entry->type == TarEntry::Type::kFile) {
      AILERON_ASSIGN(const auto block, reader.NextBlock());
      if (!block) break;
      list += fmt::format(" @{} {}", block->offset, block->bytes);
    }
    list += '\n';
  }
}

TEST(TarReader, EntriesOfEachKind) {
  EXPECT_EQ(Listed(TarText()
                       .File("f", "text", 04755)
                       .Folder("d/", 01777)
                       .Symlink("l", "to")
                       .HardLink("h", "f")
                       .Raw({.name = "p", .type = '6'})
                       .Raw({.name = "c", .type = '3'})
                       .Raw({.name = "b", .type = '4'})
                       .File("", "")
                       .End()),
            "0 f  4755 4 @0 text\n"
            "1 d/  1777 0\n"
            "2 l to 777 0\n"
            "3 h f 644 0\n"
            "4 p  644 0\n"
            "5 c  644 0\n"
            "5 b  644 0\n"
            "0   644 0\n");
}

// A hard link may have bytes of its own in pax, and a size without them in others.
TEST(TarReader, WhatIsNotReadIsSkipped) {
  EXPECT_EQ(
      Listed(TarText()
                 .Pax("comment", "pax it is")
                 .Raw({.name = "h", .type = '1', .size = 600, .target = "f"}, std::string(600, 'x'))
                 .File("after", "y")
                 .End()),
      "3 h f 644 0\n0 after  644 1 @0 y\n");
}

// libarchive hands out names as C's, so that what stands behind a NUL reaches nobody.
TEST(TarReader, ANameEndsAtItsNul) {
  using std::string_literals::operator""s;
  EXPECT_EQ(Listed(TarText().Pax("path", "name\0/../../etc"s).File("x", "").End()),
            "0 name  644 0\n");
  EXPECT_EQ(Listed(TarText().Pax("linkpath", "to\0behind"s).Symlink("l", "y").End()),
            "2 l to 777 0\n");
  EXPECT_EQ(Listed(TarText().Pax("path", "\0a"s).File("x", "").End()), "0 x  644 0\n");
}

TEST(TarReader, NumbersThatCannotBeAreRefused) {
  EXPECT_FALSE(Listed(TarText().Pax("size", "-5").File("a", "").End()));
  EXPECT_THAT(
      Listed(TarText().Raw({.name = "a", .size = std::uint64_t{1} << 62}).End()).error().message,
      HasSubstr("damaged or cut"));
}

TEST(TarReader, WarningsAreErrors) {
  TarText tar;
  tar.Raw({.name = "pax", .type = 'x', .size = 10}, "99 path=a\n").File("b", "");
  EXPECT_THAT(Listed(tar.End()).error().message, HasSubstr("malformed pax"));
  EXPECT_FALSE(Listed(TarText().Raw({.name = "volume", .type = 'M'}).End()));
}

}  // namespace
}  // namespace aileron::image
