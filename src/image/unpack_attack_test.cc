// Attackers: each layer below tries to reach the canary, a folder beside the layer's, or to cost
// more than its bound. The fixture looks at the canary after each.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include "base/text.h"
#include "image/compress_test.h"
#include "image/unpack.h"
#include "image/unpacked_test.h"

namespace aileron::image {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using std::string_literals::operator""s;

class UnpackAttack : public UnpackTest {};

TEST_F(UnpackAttack, TheCanaryIsSeenToDie) {
  const std::string file = canary_ + "/file";
  ASSERT_TRUE(CanaryLives());
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  EXPECT_FALSE(CanaryLives());
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  ASSERT_EQ(link(file.c_str(), (place_ + "/hard").c_str()), 0);
  EXPECT_FALSE(CanaryLives());
  ASSERT_EQ(unlink((place_ + "/hard").c_str()), 0);
  ASSERT_EQ(mkdir((canary_ + "/more").c_str(), 0755), 0);
  EXPECT_FALSE(CanaryLives());
  ASSERT_EQ(rmdir((canary_ + "/more").c_str()), 0);
  EXPECT_TRUE(CanaryLives());
}

TEST_F(UnpackAttack, PathsThatLeaveTheRootAreRefused) {
  for (const char* name : {"../canary/file", "a/../../canary/file", "/../canary/file", ".."}) {
    EXPECT_THAT(Refused(TarText().File(name, "dead").End()), HasSubstr("has \"..\"")) << name;
    EXPECT_THAT(Refused(TarText().File("a", "").HardLink("b", name).End()),
                HasSubstr("has \"..\""));
    EXPECT_THAT(Refused(TarText().Folder(name).End()), HasSubstr("has \"..\""));
    EXPECT_THAT(Refused(TarText().Pax("path", name).File("a", "dead").End()),
                HasSubstr("has \"..\""));
  }
  EXPECT_THAT(Refused(TarText().File("../canary/.wh.file", "").End()), HasSubstr("has \"..\""));
  EXPECT_THAT(Refused(TarText().File("../canary/.wh..wh..opq", "").End()), HasSubstr("\"..\""));
}

TEST_F(UnpackAttack, AnAbsolutePathLiesBelowTheRoot) {
  ASSERT_TRUE(Unpack(TarText().File(canary_ + "/file", "dead").End()));
  EXPECT_EQ(Text(canary_ + "/file"), "dead");
}

TEST_F(UnpackAttack, LinksThatLeadOutAreFollowedInsideAlone) {
  for (const std::string& target : {canary_, "../canary"s, "../../../../../.."s + canary_,
                                    "/proc/self/cwd"s + canary_, "/proc/self/root"s + canary_}) {
    ASSERT_TRUE(Unpack(TarText()
                           .Symlink("out", target)
                           .File("out/file", "dead")
                           .Folder("out/more", 0777)
                           .File("out/.wh.gone", "")
                           .File("out/.wh..wh..opq", "")
                           .Symlink("out/link", "x")
                           .Raw({.name = "out/pipe", .type = '6'})
                           .File("out/file", "again")
                           .End()));
    EXPECT_TRUE(CanaryLives()) << target;
    EXPECT_TRUE(S_ISLNK(Look("out").st_mode));
  }
}

TEST_F(UnpackAttack, ALinkInTheLastPartIsReplacedAndNotFollowed) {
  const std::string file = canary_ + "/file";
  ASSERT_TRUE(Unpack(TarText().Symlink("out", file).File("out", "dead", 0777).End()));
  EXPECT_EQ(Text("out"), "dead");
  ASSERT_TRUE(Unpack(TarText().Symlink("out", canary_).Folder("out", 0777).End()));
  EXPECT_TRUE(S_ISDIR(Look("out").st_mode));
  ASSERT_TRUE(Unpack(TarText().Symlink("out", file).Raw({.name = "out", .type = '6'}).End()));
  ASSERT_TRUE(Unpack(TarText().Symlink("out", canary_).File(".wh.out", "").End()));
  EXPECT_TRUE(S_ISLNK(Look("out").st_mode));
}

TEST_F(UnpackAttack, AHardLinkToALinkIsTheLink) {
  ASSERT_TRUE(Unpack(TarText()
                         .Symlink("out", canary_ + "/file")
                         .HardLink("hard", "out")
                         .File("hard", "dead", 0777)
                         .End()));
  EXPECT_TRUE(S_ISLNK(Look("out").st_mode));
}

TEST_F(UnpackAttack, AHardLinkLeadsToAnEarlierEntryOrNowhere) {
  for (const char* target : {"etc/passwd", "none", "out/file", "gone"}) {
    const auto unpacked = Unpack(
        TarText().Symlink("out", canary_).File(".wh.gone", "").HardLink("hard", target).End());
    ASSERT_FALSE(unpacked) << target;
    EXPECT_EQ(unpacked.error().code, Code::kUnsupported) << unpacked.error().message;
  }
  EXPECT_THAT(Refused(TarText().Folder("a").HardLink("b", "a").End()), HasSubstr("is a folder"));
  EXPECT_THAT(Refused(TarText().File("a/b", "").HardLink("a", "a/b").End()),
              HasSubstr("cannot make the hard link"));
  ASSERT_TRUE(Unpack(TarText().File("a", "x").HardLink("./a", "/a").End()));
  EXPECT_EQ(Text("a"), "x");
}

TEST_F(UnpackAttack, LinksInCirclesEnd) {
  EXPECT_THAT(Refused(TarText().Symlink("a", "b").Symlink("b", "a").File("a/x", "").End()),
              HasSubstr("more than 40 links"));
  EXPECT_THAT(Refused(TarText().Symlink("a", "a/a/a/a").File("a/x", "").End()),
              HasSubstr("more than 40 links"));
}

TEST_F(UnpackAttack, LinksMakeNoPathTooDeepToBeRemoved) {
  TarText tar;
  std::string deep = "d";
  for (int i = 0; i < 150; ++i) deep += "/d";
  tar.Pax("path", deep + "/x").File("x", "").Pax("linkpath", deep).Symlink("l", "x");
  tar.Pax("path", "l/" + deep + "/x").File("x", "");
  EXPECT_THAT(Refused(tar.End()), HasSubstr("longer or deeper"));
}

TEST_F(UnpackAttack, WhatLiesInAFileIsRefused) {
  EXPECT_THAT(Refused(TarText().File("a", "").File("a/b", "").End()),
              AllOf(HasSubstr("the entry a/b"), HasSubstr("is no folder")));
  EXPECT_THAT(Refused(TarText().File("/", "").Symlink("/", "x").End()),
              HasSubstr("replace the layer's root"));
  EXPECT_THAT(Refused(TarText().Symlink("/", canary_).End()), HasSubstr("layer's root"));
  EXPECT_THAT(Refused(TarText().File("a", "").HardLink(".", "a").End()), HasSubstr("root"));
}

TEST_F(UnpackAttack, NamesOfStrangersAreShownSafely) {
  const std::string message = Refused(TarText().File("\x1b[2Jevil/../x", "").End());
  EXPECT_EQ(message.find('\x1b'), std::string::npos) << Printable(message);
  EXPECT_THAT(message, HasSubstr("\\x1b[2Jevil"));
}

TEST_F(UnpackAttack, EachBoundHolds) {
  LayerLimits limits;
  limits.entries = 2;
  EXPECT_TRUE(Unpack(TarText().File("a", "").File("b", "").End(), limits));
  EXPECT_THAT(Refused(TarText().File("a", "").File("b", "").File("c", "").End(), limits),
              HasSubstr("more than the 2"));
  limits = {};
  limits.bytes = 4096;
  EXPECT_TRUE(Unpack(TarText().File("a", "12345").End(), limits));
  EXPECT_THAT(Refused(TarText().File("a", std::string(4096, 'x')).End(), limits),
              HasSubstr("4096 bytes"));
  limits = {};
  limits.xattr_bytes = 12;
  EXPECT_TRUE(Unpack(TarText().Pax("SCHILY.xattr.user.n", "123456").File("a", "").End(), limits));
  EXPECT_THAT(Refused(TarText().Pax("SCHILY.xattr.user.n", "1234567").File("a", "").End(), limits),
              HasSubstr("12 bytes of extended attributes"));
  limits = {};
  limits.depth = 1;
  EXPECT_THAT(Refused(TarText().File("a/b/c", "").End(), limits), HasSubstr("1 folders deep"));
  limits = {};
  limits.path = 3;
  EXPECT_THAT(Refused(TarText().File("abcd", "").End(), limits), HasSubstr("3 bytes"));
  EXPECT_THAT(Refused(TarText().Symlink("a", "abcd").End(), limits), HasSubstr("3 bytes"));
}

TEST_F(UnpackAttack, ABombIsRefusedBeforeItHasGoneOff) {
  LayerLimits limits;
  limits.ratio_from = 1 << 20;
  const std::string zeros(16 << 20, '\0');
  for (const std::string& bomb : {Gzip(TarText().File("a", zeros).End()),
                                  Zstd(TarText().File("a", zeros).End()), Gzip(zeros)}) {
    EXPECT_LT(bomb.size() * limits.ratio, zeros.size());
    EXPECT_THAT(Refused(bomb, limits), HasSubstr("200 times its size"));
  }
  limits.ratio_from = 32 << 20;
  EXPECT_TRUE(Unpack(Zstd(TarText().File("a", zeros).End()), limits));
  limits.bytes = 1 << 20;
  EXPECT_THAT(Refused(Gzip(zeros), limits), HasSubstr("1048576 bytes"));
}

TEST_F(UnpackAttack, HeadersAreBounded) {
  // A map of a sparse file that never ends.
  std::string map(24 * 21, '0');
  map += std::string("\1\0\0\0\0\0\0\0", 8);
  std::string header = HeaderBlock({.name = "sparse", .type = 'S', .magic = "ustar  \0"});
  header[386] = '0';  // a first piece
  header[482] = 1;    // and more of them
  WriteChecksum(header.data());
  std::string bytes = header;
  while (bytes.size() < (8 << 20)) bytes += map;
  LayerLimits limits;
  EXPECT_THAT(Refused(bytes, limits), HasSubstr("headers of an entry"));
  // Names without end.
  TarText tar;
  for (int i = 0; i < 40; ++i) tar.Pax("comment", "x");
  EXPECT_THAT(Refused(tar.File("a", "").End()), HasSubstr("damaged or cut"));
  EXPECT_THAT(Refused(TarText().Pax("comment", std::string(2 << 20, 'x')).File("a", "").End()),
              HasSubstr("too large"));
}

TEST_F(UnpackAttack, SparseMapsThatLieAreRefused) {
  const auto sparse = [](const std::string& map, const std::string& real_size) {
    const std::string pax = TarText::PaxRecord("GNU.sparse.map", map) +
                            TarText::PaxRecord("GNU.sparse.size", real_size);
    return TarText()
        .Raw({.name = "pax", .type = 'x', .size = pax.size()}, pax)
        .File("a", "12345678")
        .End();
  };
  EXPECT_TRUE(Unpack(sparse("0,4,8,4", "12")));
  EXPECT_EQ(Text("a"),
            "1234\0\0\0\0"
            "5678"s);
  for (const char* map : {"0,4,20,4", "8,4,0,4", "0,4,2,4", "9223372036854775800,4,0,4"})
    EXPECT_THAT(Refused(sparse(map, "12")), HasSubstr("a piece of the file")) << map;
  EXPECT_THAT(Refused(sparse("0,4", "9223372036854775807")), HasSubstr("larger than"));
  EXPECT_FALSE(Unpack(sparse("0,8", "-1")));
}

TEST_F(UnpackAttack, DamageIsToldWithTheEntryBeforeIt) {
  const std::string tar = TarText().File("first", "x").File("second", "y").End();
  std::string damaged = tar;
  damaged[2 * kTarBlock + 1] ^= 1;
  EXPECT_THAT(Refused(damaged), AllOf(HasSubstr("cannot unpack the layer LAYER"),
                                      HasSubstr("behind the entry first"), HasSubstr("damaged")));
  EXPECT_THAT(Refused(TarText().Raw({.name = "cut", .size = 1000}, "text").text()),
              AllOf(HasSubstr("the entry cut"), HasSubstr("damaged or cut")));
  EXPECT_THAT(Refused(tar.substr(0, 700)), HasSubstr("cut"));
  EXPECT_THAT(Refused(""), HasSubstr("is empty"));
  EXPECT_FALSE(Unpack("no tar at all"));
  EXPECT_FALSE(Unpack(std::string(4 * kTarBlock, 'x')));
}

TEST_F(UnpackAttack, NothingHidesBehindTheEnd) {
  const std::string tar = TarText().File("a", "x").End();
  const std::string more = TarText().File("b", "y").End();
  const std::string one_zero_block = TarText().File("a", "x").text() + std::string(kTarBlock, '\0');
  for (const std::string& bytes :
       {tar + more, tar + "x", one_zero_block + more, tar + std::string(600'000, '\0') + "x"}) {
    for (const std::string& packed : {bytes, Gzip(bytes), Zstd(bytes)})
      EXPECT_THAT(Refused(packed), HasSubstr("not zero"));
  }
  EXPECT_THAT(Refused(Gzip(tar) + "garbage"), HasSubstr("no gzip"));
  EXPECT_THAT(Refused(Zstd(tar) + "garbage"), HasSubstr("no zstd"));
}

TEST_F(UnpackAttack, ALayerWithoutRoomForItIsNotLeftHalf) {
  const std::string small = place_ + "/layer";
  ASSERT_EQ(mkdir(small.c_str(), 0700), 0);
  if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=64k") != 0) {
    ASSERT_EQ(errno, EPERM);  // an ordinary user
    return;
  }
  const os::Fd file = os::MemoryFileHolding(
                          TarText().File("small", "x").File("big", std::string(1 << 20, 'x')).End())
                          .value();
  const auto unpacked = UnpackLayer({.descriptor = file, .name = "LAYER"}, small + "/in");
  const bool exists = std::filesystem::exists(small + "/in");
  ASSERT_EQ(umount(small.c_str()), 0);
  ASSERT_FALSE(unpacked);
  EXPECT_FALSE(exists);
  EXPECT_EQ(unpacked.error().code, Code::kUnavailable);
  EXPECT_THAT(unpacked.error().message,
              AllOf(HasSubstr("the entry big"), HasSubstr("the disk is full")));
}

}  // namespace
}  // namespace aileron::image
