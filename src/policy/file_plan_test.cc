#include "policy/file_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const FileRoots kRoots{.workspace = "/w", .home = "/home/me"};
constexpr auto kRw = FileAccess::kReadWrite;
constexpr auto kRo = FileAccess::kReadOnly;
constexpr auto kHidden = FileAccess::kHidden;

struct Said {
  std::string path;
  FileAccess access;
};

FileLayer Of(Reach reach, std::initializer_list<Said> said, std::string folder = "") {
  FileLayer layer{.reach = reach, .file = "f", .folder = std::move(folder), .rules = {}};
  for (const Said& one : said) layer.rules.push_back({{}, one.path, one.access});
  return layer;
}

std::vector<std::string> Plan(const std::vector<FileLayer>& layers,
                              FileAccess workspace = FileAccess::kReadWrite) {
  std::vector<std::string> texts;
  for (const FileView& view : PlanFiles(layers, kRoots, workspace)) {
    texts.push_back(fmt::format("{} {}", view.path, Name(view.access)));
  }
  return texts;
}

TEST(FilePlan, TheDeeperRuleOfALayerWins) {
  EXPECT_THAT(Plan({Of(Reach::kFull, {{"src", kRo}, {"src/gen", kRw}, {"secrets", kHidden}})}),
              ElementsAre("/w/secrets hidden", "/w/src read-only", "/w/src/gen read-write"));
}

TEST(FilePlan, TheStricterOfTwoLayersWins) {
  const auto user = Of(Reach::kFull, {{"src", kRo}, {"~/data", kRw}});
  const auto project = Of(Reach::kFull, {{"src", kRw}, {"/home/me/data/raw", kHidden}});
  EXPECT_THAT(Plan({user, project}), ElementsAre("/home/me/data read-write",
                                                 "/home/me/data/raw hidden", "/w/src read-only"));
}

TEST(FilePlan, WhatIsBelowSomethingHiddenIsHidden) {
  EXPECT_THAT(Plan({Of(Reach::kFull, {{"a", kHidden}}), Of(Reach::kFull, {{"a/b", kRw}})}),
              ElementsAre("/w/a hidden"));
  EXPECT_THAT(Plan({Of(Reach::kFull, {{"a", kHidden}, {"a/b", kRo}})}), ElementsAre("/w/a hidden"));
}

TEST(FilePlan, ALayerThatNarrowsShowsNothingNew) {
  EXPECT_THAT(Plan({Of(Reach::kNarrows, {{"/srv/x", kRo}, {"~/y", kRw}, {"src", kRw}})}),
              IsEmpty());
  EXPECT_THAT(Plan({Of(Reach::kNarrows, {{"/etc/x", kHidden}, {"src", kRo}})}),
              ElementsAre("/etc/x hidden", "/w/src read-only"));
  EXPECT_THAT(Plan({Of(Reach::kNarrows, {{"~/data", kRo}}), Of(Reach::kFull, {{"~/data", kRw}})}),
              ElementsAre("/home/me/data read-only"));
}

TEST(FilePlan, AReadOnlyWorkspaceMayHaveAPlaceToWrite) {
  EXPECT_THAT(Plan({Of(Reach::kFull, {{".", kRo}, {"build", kRw}})}),
              ElementsAre("/w read-only", "/w/build read-write"));
  EXPECT_THAT(Plan({Of(Reach::kFull, {{"build", kRw}})}, kRo), IsEmpty())
      << "--read-only is the stricter one";
}

TEST(FilePlan, APathOfAProjectMeansTheSameInEachFolderOfIt) {
  const auto in = [](std::initializer_list<Said> said, std::string_view workspace) {
    std::vector<std::string> texts;
    for (const FileView& view :
         PlanFiles({Of(Reach::kFull, said, "/p")},
                   {.workspace = std::string(workspace), .home = "/h"}, kRw)) {
      texts.push_back(fmt::format("{} {}", view.path, Name(view.access)));
    }
    return texts;
  };
  EXPECT_THAT(in({{"sub/.env", kHidden}}, "/p/sub"), ElementsAre("/p/sub/.env hidden"));
  EXPECT_THAT(in({{".", kRo}, {"sub/out", kRw}}, "/p/sub"),
              ElementsAre("/p/sub read-only", "/p/sub/out read-write"));
  EXPECT_THAT(in({{".", kRo}, {"sub", kRw}}, "/p/sub/x"), IsEmpty()) << "the deeper rule wins";
  EXPECT_THAT(in({{"sub", kHidden}}, "/p/sub/x"), ElementsAre("/p/sub/x hidden"));
  EXPECT_THAT(in({{"lib", kRo}, {"data", kRw}}, "/p/sub"), IsEmpty())
      << "it would show what a launch in this folder does not";
  EXPECT_THAT(in({{"keys", kHidden}}, "/p/sub"), ElementsAre("/p/keys hidden"));
}

TEST(FilePlan, AViewNamesTheRuleThatDecided) {
  FileLayer user{.file = "/c/policy.yaml", .rules = {{{2, 5}, "src", kRo}}};
  FileLayer project{.file = "/w/aileron.yaml", .rules = {{{7, 3}, "src", kHidden}}};
  const auto views = PlanFiles({user, project}, kRoots, kRw);
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0].file, "/w/aileron.yaml");
  EXPECT_EQ(views[0].place.line, 7);
}

TEST(FilePlan, NamesThatOnlyBeginAlikeAreApart) {
  EXPECT_THAT(Plan({Of(Reach::kFull, {{"src", kHidden}, {"src2", kRo}, {"src-x/y", kRo}})}),
              ElementsAre("/w/src hidden", "/w/src-x/y read-only", "/w/src2 read-only"));
}

}  // namespace
}  // namespace aileron::policy
