#include "command/by.h"

#include <gtest/gtest.h>

namespace aileron::command {
namespace {

Parent Program(std::string path, std::vector<std::string> argv = {},
               Origin origin = Origin::kSystem) {
  if (argv.empty()) argv.push_back(path);
  return {.path = std::move(path), .origin = origin, .argv = std::move(argv)};
}

By Named(std::string_view text) { return By::Parse(text).value(); }

const Lineage kGh = {{Program("/usr/bin/gh"), Program("/usr/bin/bash"), Program("/opt/agent")}};
const Lineage kCurl = {{Program("/usr/bin/curl"), Program("/usr/bin/bash"), Program("/opt/agent")}};
const Lineage kCurlOfGh = {
    {Program("/usr/bin/curl"), Program("/usr/bin/gh"), Program("/opt/agent")}};

Share Of(std::string_view by, std::vector<Lineage> holders) { return ShareOf(Named(by), holders); }

TEST(By, AProgramAndItsDescendantsAreMeant) {
  EXPECT_EQ(Of("gh", {kGh}), (Share{true, true}));
  EXPECT_EQ(Of("gh", {kCurlOfGh}), (Share{true, true}));
  EXPECT_EQ(Of("/usr/bin/gh", {kGh}), (Share{true, true}));
  EXPECT_EQ(Of("gh", {kCurl}), (Share{false, false}));
  EXPECT_EQ(Of("/opt/gh", {kGh}), (Share{false, false}));
  EXPECT_EQ(Of("bash", {kGh}), (Share{true, true})) << "who started it counts";
}

TEST(By, AllHoldersHaveToBeTheProgram) {
  EXPECT_EQ(Of("gh", {kGh, kCurlOfGh}), (Share{true, true}));
  EXPECT_EQ(Of("gh", {kGh, kCurl}), (Share{false, true}));
  EXPECT_EQ(Of("gh", {}), (Share{false, false}));
}

TEST(By, WhatTheAgentCanWriteIsOnlyLikelyTheProgram) {
  const Lineage false_gh = {{Program("/workspace/gh", {}, Origin::kSandbox)}};
  EXPECT_EQ(Of("gh", {false_gh}), (Share{false, true}));
  EXPECT_EQ(Of("/workspace/gh", {false_gh}), (Share{true, true})) << "its path was written down";
}

TEST(By, AProgramIsKnownByLinksOfTheSystem) {
  Parent npm = Program("/usr/lib/node_modules/npm/bin/npm-cli.js");
  EXPECT_EQ(Of("npm", {{{npm}}}), (Share{false, false}));
  npm.links = {"/usr/bin/npm"};
  EXPECT_EQ(Of("npm", {{{npm}}}), (Share{true, true}));
  EXPECT_EQ(Of("/usr/bin/npm", {{{npm}}}), (Share{true, true}));
}

TEST(By, WhatIsCutOffMayBeTheProgramAndIsNotSurely) {
  Lineage curl = kCurl;
  curl.cut = true;
  EXPECT_EQ(Of("gh", {curl}), (Share{false, true}));
  EXPECT_EQ(Of("curl", {curl}), (Share{true, true}));
}

TEST(By, WhatIsNotCertainIsNotSurely) {
  Parent gh = Program("/usr/bin/gh", {"gh", "repo"});
  gh.knowledge = Knowledge::kProgram;
  EXPECT_EQ(Of("gh", {{{gh}}}), (Share{true, true}));
  EXPECT_EQ(Of("gh repo", {{{gh}}}), (Share{false, true})) << "it may have written that itself";
  gh.knowledge = Knowledge::kNothing;
  EXPECT_EQ(Of("gh", {{{gh}}}), (Share{false, true}));
}

TEST(By, ArgumentsCountAsFarAsTheyAreNamed) {
  const Lineage clone = {{Program("/usr/bin/gh", {"gh", "repo", "clone", "o/r"})}};
  EXPECT_EQ(Of("gh repo", {clone}), (Share{true, true}));
  EXPECT_EQ(Of("gh api", {clone}), (Share{false, false}));
  const Lineage named = {{Program("/usr/bin/curl", {"gh", "repo"})}};
  EXPECT_EQ(Of("gh repo", {named}), (Share{false, false})) << "argv[0] is the caller's word";
}

}  // namespace
}  // namespace aileron::command
