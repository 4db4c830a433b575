#include "image/unpack.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "base/text.h"
#include "image/compress_test.h"
#include "image/layer_folder.h"
#include "image/unpacked_test.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;
using std::string_literals::operator""s;

TEST_F(UnpackTest, EachKindOfEntryBecomesWhatItSays) {
  const auto unpacked = Unpack(TarText()
                                   .Folder("./")
                                   .Folder("./usr/", 0711)
                                   .File("./usr/file", "text", 04755)
                                   .Symlink("usr/link", "/nowhere/at/all")
                                   .HardLink("usr/hard", "./usr/file")
                                   .Raw({.name = "usr/pipe", .type = '6', .mode = 0622})
                                   .Raw({.name = "usr/null", .type = '3'})
                                   .Raw({.name = "usr/disk", .type = '4'})
                                   .End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Text("usr/file"), "text");
  EXPECT_EQ(Look("usr/file").st_mode, S_IFREG | 04755U);
  EXPECT_EQ(Look("usr/file").st_ino, Look("usr/hard").st_ino);
  EXPECT_EQ(Look("usr").st_mode, S_IFDIR | 0711U);
  EXPECT_EQ(Look("").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(std::filesystem::read_symlink(root_ + "/usr/link"), "/nowhere/at/all");
  EXPECT_EQ(Look("usr/pipe").st_mode, S_IFIFO | 0622U);
  EXPECT_FALSE(Exists("usr/null"));
  EXPECT_FALSE(Exists("usr/disk"));
  for (const char* path : {"", "usr", "usr/file", "usr/link", "usr/pipe"})
    EXPECT_EQ(Look(path).st_mtim.tv_sec, 1'000'000'000) << path;
  const LayerCounts& counts = unpacked->counts;
  EXPECT_EQ(counts.entries, 8U);
  EXPECT_EQ(counts.files, 1U);
  EXPECT_EQ(counts.folders, 2U);
  EXPECT_EQ(counts.symlinks, 1U);
  EXPECT_EQ(counts.hard_links, 1U);
  EXPECT_EQ(counts.fifos, 1U);
  EXPECT_EQ(counts.devices, 2U);
  EXPECT_EQ(counts.assumed_folders, 0U);
  EXPECT_EQ(unpacked->file_bytes, 4U);
}

TEST_F(UnpackTest, DigestAndDiffIdAreOfWhatWasReadAndOfTheTar) {
  const std::string tar = TarText().File("a", "one").End() + std::string(9 * kTarBlock, '\0');
  for (const std::string& bytes : {tar, Gzip(tar), Zstd(tar)}) {
    const auto unpacked = Unpack(bytes);
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    EXPECT_EQ(unpacked->digest, crypto::Hash(bytes));
    EXPECT_EQ(unpacked->diff_id, crypto::Hash(tar));
    EXPECT_EQ(unpacked->compressed_bytes, bytes.size());
    EXPECT_EQ(unpacked->tar_bytes, tar.size());
    EXPECT_EQ(Text("a"), "one");
  }
}

TEST_F(UnpackTest, WhiteoutsAreThoseOfOverlay) {
  const auto unpacked = Unpack(
      TarText().Folder("etc").File("etc/.wh.gone", "").File(".wh.top", "").File("etc/a", "").End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_TRUE(IsWhiteout("etc/gone"));
  EXPECT_TRUE(IsWhiteout("top"));
  EXPECT_FALSE(Exists("etc/.wh.gone"));
  EXPECT_EQ(unpacked->counts.whiteouts, 2U);
}

// layer.md: "Files that are present in the same layer as a whiteout file can only be hidden by
// whiteout files in subsequent layers."
TEST_F(UnpackTest, AWhiteoutHidesNothingOfItsOwnLayerInAnyOrder) {
  TarText before, after;
  before.File(".wh.file", "").File(".wh.folder", "").File(".wh.parent", "");
  for (TarText* tar : {&before, &after})
    tar->File("file", "new").Folder("folder").File("folder/x", "x").File("parent/x", "x");
  after.File(".wh.file", "").File(".wh.folder", "").File(".wh.parent", "");
  for (const TarText* tar : {&before, &after}) {
    const auto unpacked = Unpack(tar->End());
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    EXPECT_EQ(Text("file"), "new");
    EXPECT_EQ(Text("folder/x"), "x");
    EXPECT_EQ(Text("parent/x"), "x");
    // What lower layers have in these folders is gone, with the folders.
    EXPECT_TRUE(IsOpaque("folder"));
    EXPECT_TRUE(IsOpaque("parent"));
  }
}

TEST_F(UnpackTest, OpaqueFoldersAreMarkedInAnyOrder) {
  TarText before, after;
  before.File("a/.wh..wh..opq", "").File("a/b/c", "x").File("a/.wh.d", "").File("a/b/.wh.e", "");
  after.File("a/.wh.d", "").File("a/b/.wh.e", "").File("a/b/c", "x").File("a/.wh..wh..opq", "");
  for (const TarText* tar : {&before, &after}) {
    const auto unpacked = Unpack(tar->End());
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    EXPECT_TRUE(IsOpaque("a"));
    EXPECT_FALSE(IsOpaque("a/b"));
    EXPECT_EQ(Text("a/b/c"), "x");
    // They would hide nothing, and listings of such a folder would show them.
    EXPECT_FALSE(Exists("a/d"));
    EXPECT_FALSE(Exists("a/b/e"));
    EXPECT_EQ(unpacked->counts.opaque, 1U);
    EXPECT_EQ(unpacked->counts.assumed_folders, 2U);
    EXPECT_EQ(Look("a").st_mode, S_IFDIR | 0755U);
    EXPECT_FALSE(unpacked->is_root_opaque);
  }
  EXPECT_TRUE(Unpack(TarText().File(".wh..wh..opq", "").End())->is_root_opaque);
}

TEST_F(UnpackTest, NamesOfAufsAreLeftOut) {
  const auto unpacked = Unpack(
      TarText().Folder(".wh..wh.plnk").File(".wh..wh.plnk/1.2", "").File(".wh..wh.aufs", "").End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(unpacked->counts.aufs, 3U);
  EXPECT_TRUE(std::filesystem::is_empty(root_));
}

TEST_F(UnpackTest, ALaterEntryReplacesAnEarlierOne) {
  const auto unpacked = Unpack(TarText()
                                   .File("one", "first")
                                   .HardLink("other", "one")
                                   .File("one", "2nd", 0600)
                                   .Folder("two")
                                   .Folder("two/deep")
                                   .File("two/deep/x", "x")
                                   .File("two", "a file")
                                   .File("three", "a file")
                                   .Folder("three", 0700)
                                   .Symlink("four", "canary")
                                   .File("four", "no link")
                                   .Folder("five", 0700)
                                   .File("five/kept", "kept")
                                   .Folder("five", 0711)
                                   .End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Text("one"), "2nd");
  EXPECT_EQ(Text("other"), "first");  // another inode
  EXPECT_EQ(Text("two"), "a file");
  EXPECT_EQ(Look("three").st_mode, S_IFDIR | 0700U);
  // Lower layers' folder was hidden by the file that stood here.
  EXPECT_TRUE(IsOpaque("three"));
  EXPECT_EQ(Text("four"), "no link");
  EXPECT_EQ(Text("five/kept"), "kept");
  EXPECT_EQ(Look("five").st_mode, S_IFDIR | 0711U);
  EXPECT_FALSE(IsOpaque("five"));
}

TEST_F(UnpackTest, WhatAFolderWasIsForgottenWithIt) {
  const auto unpacked = Unpack(TarText()
                                   .Folder("a", 0500)
                                   .Folder("a/b", 0500)
                                   .File("a/b/.wh..wh..opq", "")
                                   .File("a/.wh.c", "")
                                   .File("a", "a file")
                                   .File(".wh.a", "")
                                   .Folder("a-b", 0700)
                                   .Symlink("a", "a-b")
                                   .File("a/b/c", "in a-b")
                                   .End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Text("a-b/b/c"), "in a-b");
  EXPECT_EQ(Look("a-b/b").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(Look("a-b").st_mode, S_IFDIR | 0700U);
}

TEST_F(UnpackTest, EntriesBelowLinksOfTheLayerLieWhereTheLinksLead) {
  const auto unpacked = Unpack(TarText()
                                   .Folder("usr")
                                   .Folder("usr/bin")
                                   .Symlink("bin", "usr/bin")
                                   .File("bin/x", "x")
                                   .Symlink("absolute", "/usr/../usr/./bin")
                                   .File("absolute/y", "y")
                                   .Symlink("up", "../../../../usr/lib/deep")
                                   .File("up/z", "z")
                                   .HardLink("hard", "up/z")
                                   .Symlink("usr/lib/rel", "../bin")
                                   .File("usr/lib/rel/w", "w")
                                   .End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Text("usr/bin/x"), "x");
  EXPECT_EQ(Text("usr/bin/y"), "y");
  EXPECT_EQ(Text("usr/bin/w"), "w");
  EXPECT_EQ(Text("usr/lib/deep/z"), "z");  // made, as the link is no longer dangling
  EXPECT_EQ(Text("hard"), "z");
  EXPECT_TRUE(S_ISLNK(Look("bin").st_mode));
  EXPECT_EQ(unpacked->counts.assumed_folders, 2U);
}

TEST_F(UnpackTest, AttributesOfUsersAreKeptAndAllOthersLeftOut) {
  TarText tar;
  tar.Pax("SCHILY.xattr.user.note", "kept").File("file", "");
  tar.Pax("SCHILY.xattr.user.note", "kept").Folder("folder");
  tar.Pax("SCHILY.xattr.security.capability", "x").File("capable", "");
  tar.Pax("SCHILY.xattr.trusted.overlay.opaque", "y").Folder("trusted");
  tar.Pax("SCHILY.xattr.user.overlay.opaque", "y").Folder("opaque");
  tar.Pax("SCHILY.xattr.user.overlay.redirect", "/etc").Folder("redirect");
  tar.Pax("SCHILY.xattr.user.overlay.metacopy", "").File("metacopy", "");
  tar.Pax("SCHILY.xattr.user.note", "no").Symlink("link", "file");
  tar.Pax("SCHILY.acl.access", "user::rw-,user:7:rwx,group::r--,mask::rwx,other::r--")
      .File("acl", "");
  const auto unpacked = Unpack(tar.End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Attribute("capable", "security.capability"), "(none)");
  EXPECT_EQ(Attribute("trusted", "trusted.overlay.opaque"), "(none)");
  EXPECT_EQ(Attribute("opaque", "user.overlay.opaque"), "(none)");
  EXPECT_EQ(Attribute("redirect", "user.overlay.redirect"), "(none)");
  EXPECT_EQ(Attribute("metacopy", "user.overlay.metacopy"), "(none)");
  EXPECT_EQ(Attribute("file", "user.note"), "kept");
  EXPECT_EQ(Attribute("folder", "user.note"), "kept");
  EXPECT_EQ(unpacked->counts.attributes, 6U + 1U);
}

TEST_F(UnpackTest, OwnersAreFlattened) {
  const auto unpacked = Unpack(
      TarText().Raw({.name = "a", .uid = 1000}).Raw({.name = "b", .gid = 5}).File("c", "").End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(unpacked->counts.foreign_owners, 2U);
  EXPECT_EQ(Look("a").st_uid, geteuid());
  EXPECT_EQ(Look("b").st_gid, getegid());
}

TEST_F(UnpackTest, NamesAreBytes) {
  const std::string decomposed = "u\xcc\x88.txt", latin = "\xfc.txt", composed = "\xc3\xbc.txt";
  const std::string control = "line\nbreak";
  TarText tar;
  for (const std::string& name : {decomposed, latin, composed, control})
    tar.File("raw-" + name, "");
  for (const std::string& name : {decomposed, latin, composed, control}) {
    tar.Pax("path", "pax-" + name).File("x", "");
    tar.Pax("linkpath", name).Symlink("link-" + name, "x");
  }
  const auto unpacked = Unpack(tar.End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  for (const std::string& name : {decomposed, latin, composed, control}) {
    EXPECT_TRUE(Exists("raw-" + name)) << Printable(name);
    EXPECT_TRUE(Exists("pax-" + name)) << Printable(name);
    EXPECT_EQ(std::filesystem::read_symlink(root_ + "/link-" + name), name);
  }
}

TEST_F(UnpackTest, LongNamesOfPaxAndGnu) {
  const std::string pax = std::string(200, 'p') + "/" + std::string(255, 'q');
  const std::string gnu = std::string(200, 'g') + "/" + std::string(255, 'h');
  TarText tar;
  tar.Pax("path", pax).File("short", "pax");
  tar.Raw({.name = "././@LongLink", .type = 'L', .size = gnu.size() + 1}, gnu + '\0')
      .File("s", "g");
  tar.Pax("mtime", "1234567890.123456789").File("time", "");
  const auto unpacked = Unpack(tar.End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Text(pax), "pax");
  EXPECT_EQ(Text(gnu), "g");
  EXPECT_EQ(Look("time").st_mtim.tv_sec, 1234567890);
  EXPECT_EQ(Look("time").st_mtim.tv_nsec, 123456789);
}

TEST_F(UnpackTest, SparseFilesStaySparse) {
  constexpr std::uint64_t kSize = 1 << 30;
  const std::string map = "1\n1048576\n4\n";
  std::string body = map + std::string(kTarBlock - map.size(), '\0') + "data";
  TarText tar;
  std::string pax;
  pax += TarText::PaxRecord("GNU.sparse.major", "1");
  pax += TarText::PaxRecord("GNU.sparse.minor", "0");
  pax += TarText::PaxRecord("GNU.sparse.name", "sparse");
  pax += TarText::PaxRecord("GNU.sparse.realsize", std::to_string(kSize));
  tar.Raw({.name = "pax", .type = 'x', .size = pax.size()}, pax).File("GNUSparseFile/x", body);
  const auto unpacked = Unpack(tar.End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Look("sparse").st_size, static_cast<off_t>(kSize));
  EXPECT_LT(Look("sparse").st_blocks, 1000);
  const os::Fd file(open((root_ + "/sparse").c_str(), O_RDONLY | O_CLOEXEC));
  char data[5] = "";
  EXPECT_EQ(pread(file.get(), data, 4, 1048576), 4);
  EXPECT_STREQ(data, "data");
  EXPECT_EQ(unpacked->file_bytes, kSize);
  LayerLimits limits;
  limits.bytes = kSize - 1;
  EXPECT_THAT(Refused(tar.End(), limits), HasSubstr("larger than"));
}

TEST_F(UnpackTest, AnArchiveMayEndWithoutItsMark) {
  EXPECT_TRUE(Unpack(TarText().File("a", "x").text()));
  EXPECT_EQ(Text("a"), "x");
  EXPECT_TRUE(Unpack(std::string(2 * kTarBlock, '\0')));  // Docker's empty layer
}

TEST_F(UnpackTest, ModesThatCloseFoldersComeLast) {
  const auto unpacked = Unpack(TarText()
                                   .Folder("closed", 0)
                                   .Folder("closed/in", 0500)
                                   .File("closed/in/x", "x", 0)
                                   .Folder("shared", 03777)
                                   .End());
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(Look("closed").st_mode, S_IFDIR | 0U);
  EXPECT_EQ(Look("shared").st_mode, S_IFDIR | 03777U);
}

TEST_F(UnpackTest, ProgressTellsWhatWasReadAndMayGiveUp) {
  const std::string tar = TarText().File("big", std::string(3 * limits::kChunk, 'x')).End();
  std::vector<std::uint64_t> told;
  ASSERT_TRUE(Unpack(tar, {}, [&](std::uint64_t read) -> Status {
    told.push_back(read);
    return {};
  }));
  EXPECT_GE(told.size(), 3U);
  EXPECT_EQ(told.back(), tar.size());
  const auto ended = Unpack(tar, {}, [&](std::uint64_t read) -> Status {
    if (read > limits::kChunk) return Fail(Code::kUnavailable, "given up");
    return {};
  });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::kUnavailable);
  EXPECT_EQ(ended.error().message, "cannot unpack the layer LAYER: the entry big: given up");
}

TEST_F(UnpackTest, LayersAreUnpackedAtOnce) {
  TarText tar;
  for (int i = 0; i < 200; ++i)
    tar.File("folder" + std::to_string(i % 7) + "/" + std::to_string(i), "text");
  const std::string bytes = Gzip(tar.End());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const os::Fd file = os::MemoryFileHolding(bytes).value();
      const std::string folder = root_ + std::to_string(i);
      const auto unpacked = UnpackLayer({.descriptor = file, .name = "L"}, folder);
      EXPECT_TRUE(unpacked);
      EXPECT_EQ(unpacked->counts.files, 200U);
      EXPECT_TRUE(os::RemoveTree(folder));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(UnpackTest, APartOfADescriptorIsALayer) {
  const std::string tar = TarText().File("a", "x").End();
  const os::Fd file = os::MemoryFileHolding("before" + tar + "behind").value();
  ASSERT_EQ(lseek(file.get(), 6, SEEK_SET), 6);
  const auto unpacked = UnpackLayer({.descriptor = file, .name = "L", .size = tar.size()}, root_);
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(unpacked->digest, crypto::Hash(tar));
  EXPECT_EQ(lseek(file.get(), 0, SEEK_CUR), static_cast<off_t>(6 + tar.size()));
}

TEST_F(UnpackTest, AFolderThatExistsIsNotUnpackedInto) {
  const os::Fd file = os::MemoryFileHolding(TarText().File("file", "new").End()).value();
  EXPECT_FALSE(UnpackLayer({.descriptor = file, .name = "L"}, canary_));
  EXPECT_TRUE(CanaryLives());
}

}  // namespace
}  // namespace aileron::image
