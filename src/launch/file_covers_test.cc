#include "launch/file_covers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::launch {
namespace {

using sandbox::Access;
using sandbox::CoverKind;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Texts(const FileCovers& covers) {
  std::vector<std::string> texts;
  for (const sandbox::Cover& cover : covers.Take()) {
    constexpr std::array kNames = {"pin",     "read-only", "writable", "blank",
                                   "scratch", "copy",      "hidden"};
    texts.push_back(fmt::format("{} | {} {}", cover.root, cover.path,
                                kNames[static_cast<std::size_t>(cover.kind)]));
  }
  return texts;
}

sandbox::Spec Workspace() { return {.workspace = "/w", .hidden = {"/data/me"}}; }

TEST(FileCovers, FoldersAboveWhatIsCoveredArePinnedOnce) {
  FileCovers covers(Workspace());
  covers.Close("/w/a/b/c");
  covers.Hide("/w/a/b/d");
  covers.Hide("/w/e");
  EXPECT_THAT(Texts(covers), ElementsAre("/w | a pin", "/w | a/b pin", "/w | a/b/c read-only",
                                         "/w | a/b/d hidden", "/w | e hidden"));
}

TEST(FileCovers, TheStricterRuleOfOnePlaceHoldsInAnyOrder) {
  for (const bool first : {true, false}) {
    FileCovers covers(Workspace());
    if (first) covers.Hide("/w/a/b");
    covers.Close("/w/a/b");
    covers.Close("/w/a");
    covers.Open("/w/a/b");
    if (!first) covers.Hide("/w/a/b");
    EXPECT_THAT(Texts(covers), ElementsAre("/w | a read-only", "/w | a/b hidden"));
  }
}

TEST(FileCovers, NothingIsCoveredInWhatIsHidden) {
  FileCovers covers(Workspace());
  covers.Hide("/w/a");
  covers.Hide("/w/a-b");
  covers.Close("/w/a/b");
  EXPECT_THAT(Texts(covers), ElementsAre("/w | a hidden", "/w | a-b hidden"));
}

TEST(FileCovers, ARuleHoldsWhereverAFileIsShown) {
  sandbox::Spec spec = Workspace();
  spec.mounts = {{"/src", "/d/x"}, {"/src/sub", "/y", Access::kReadOnly}, {"/w", "/z"}};
  FileCovers covers(spec);
  covers.Hide("/src/sub/key");
  covers.Hide("/src/sub");
  covers.Close("/w/b/c");
  EXPECT_THAT(Texts(covers), ElementsAre("/d/x | sub hidden", "/ | src/sub hidden", "/w | b pin",
                                         "/w | b/c read-only", "/ | y hidden", "/z | b pin",
                                         "/z | b/c read-only"));
}

TEST(FileCovers, APlaceThatIsNotSeenHasNoCover) {
  sandbox::Spec spec = Workspace();
  spec.mounts = {{"/a", "/x"}, {"/b", "/x/y"}, {"/c", "/v/w"}, {"/d", "/v"}};
  FileCovers covers(spec);
  covers.Close("/a/y/file");
  covers.Close("/c/file");
  covers.Hide("/home/me/key");
  covers.Hide("/data/me/key");
  covers.Close("/etc/hosts");
  EXPECT_THAT(Texts(covers), IsEmpty());
  covers.Hide("/etc/hosts");
  EXPECT_THAT(Texts(covers), ElementsAre("/ | etc/hosts hidden"));
  EXPECT_TRUE(covers.ShowsOfRoot("/etc") && !covers.ShowsOfRoot("/home/me") &&
              !covers.ShowsOfRoot("/w/a") && !covers.ShowsOfRoot("/x/a"));
}

TEST(FileCovers, AMountInAFolderThatCanBeMovedStaysThere) {
  sandbox::Spec spec{.workspace = "/p/a/w"};
  spec.mounts = {
      {"/d", "/d"}, {"/d/a/b", "/d/a/b", Access::kReadOnly}, {"/x", "/d/c/x"}, {"/p", "/p"}};
  EXPECT_THAT(Texts(FileCovers(spec)), ElementsAre("/d | a pin", "/p | a pin"));
}

TEST(FileCovers, WhatIsOpenedIsOpenedInTheWorkspaceAlone) {
  sandbox::Spec spec = Workspace();
  spec.mounts = {{"/w", "/z"}};
  FileCovers covers(spec);
  covers.Close("/w/a");
  covers.Open("/w/a/b");
  EXPECT_THAT(Texts(covers),
              ElementsAre("/w | a read-only", "/w | a/b writable", "/z | a read-only"));
}

TEST(FileCovers, KnowsWhatStandsSomewhereAnyway) {
  sandbox::Spec spec = Workspace();
  spec.mounts = {{"/src", "/x", Access::kReadOnly}};
  const FileCovers covers(spec);
  EXPECT_TRUE(covers.Shows("/src/a", "/x/a", Access::kReadOnly));
  EXPECT_TRUE(covers.Shows("/etc", "/etc", Access::kReadOnly));
  EXPECT_FALSE(covers.Shows("/src/a", "/x/a", Access::kReadWrite));
  EXPECT_FALSE(covers.Shows("/src/a", "/x/b", Access::kReadOnly));
  EXPECT_FALSE(covers.Shows("/home/me", "/home/me", Access::kReadOnly));
}

}  // namespace
}  // namespace aileron::launch
