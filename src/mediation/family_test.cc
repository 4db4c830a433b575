#include "mediation/family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mediation/limits.h"

namespace aileron::mediation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Process = Family::Process;

constexpr Process kShell{10, 100}, kGh{20, 200}, kChild{30, 300};

command::Execution Runs(std::string path) { return {.executable = std::move(path)}; }

void Note(Family& family, const std::vector<Process>& line, const command::Execution& execution,
          std::uint64_t now, Family::Children children = Family::Children::kNone) {
  family.Note(line, execution, {now, children}, [] { return command::Lineage(); });
}

std::vector<std::string> Paths(const Family& family, std::vector<Process> line) {
  std::vector<std::string> paths;
  for (const command::Parent& one : family.Of(line).line.processes) paths.push_back(one.path);
  return paths;
}

Family Tree() {
  Family family;
  Note(family, std::vector{kShell}, Runs("/bin/sh"), 101);
  Note(family, std::vector{kGh, kShell}, Runs("/usr/bin/gh"), 201);
  Note(family, std::vector{kChild, kGh, kShell}, Runs("/usr/bin/curl"), 301);
  return family;
}

TEST(Family, WhoStartedAProcessIsKnownAfterTheyHaveEnded) {
  const Family family = Tree();
  EXPECT_THAT(Paths(family, {kChild, kGh, kShell}),
              ElementsAre("/usr/bin/curl", "/usr/bin/gh", "/bin/sh"));
  EXPECT_THAT(Paths(family, {kChild}), ElementsAre("/usr/bin/curl", "/usr/bin/gh", "/bin/sh"))
      << "its parents are gone";
  EXPECT_THAT(Paths(family, {{40, 400}, kGh, kShell}), ElementsAre("/usr/bin/gh", "/bin/sh"))
      << "forked, and nothing executed";
}

TEST(Family, WhoWasThereBeforeIsKnownAsProcTellsIt) {
  Family family;
  const auto parents = [] {
    return command::Lineage{{{.path = "/usr/bin/gh"}, {.path = "/bin/sh"}}};
  };
  family.Note(std::vector{kChild, kGh, kShell}, Runs("/usr/bin/curl"), {.now = 301}, parents);
  EXPECT_THAT(Paths(family, {kChild}), ElementsAre("/usr/bin/curl", "/usr/bin/gh", "/bin/sh"));
  const Family::Known known = family.Of(std::vector{Process{50, 500}, kChild});
  EXPECT_EQ(known.at, 1u);
  EXPECT_EQ(family.Of(std::vector{kShell}).at, 1u) << "none is known";
}

TEST(Family, AnotherProcessOfTheSameNumberIsAnother) {
  EXPECT_THAT(Paths(Tree(), {{30, 999}}), IsEmpty());
}

TEST(Family, WhatAProcessWasBeforeStandsBehindWhatItBecame) {
  Family family = Tree();
  Note(family, std::vector{kGh, kShell}, Runs("/usr/bin/git"), 400);
  EXPECT_THAT(Paths(family, {kGh, kShell}), ElementsAre("/usr/bin/git", "/usr/bin/gh", "/bin/sh"));
}

TEST(Family, WhoWasForkedBeforeItsParentBecameAProgramIsNotItsDescendant) {
  Family family;
  Note(family, std::vector{kShell}, Runs("/bin/sh"), 101);
  const Process early{11, 150}, late{12, 250};
  Note(family, std::vector{kShell}, Runs("/usr/bin/gh"), 200);
  EXPECT_THAT(Paths(family, {early, kShell}), ElementsAre("/bin/sh"));
  EXPECT_THAT(Paths(family, {late, kShell}), ElementsAre("/usr/bin/gh", "/bin/sh"));
}

// Which of its parent's programs forked it cannot be told by times, of which there are 100 a
// second.
TEST(Family, NobodyIsSurelyAProgramsChildWhereThatHadOneWhenItBegan) {
  using enum command::Knowledge;
  for (const auto children : {Family::Children::kNone, Family::Children::kMaybe}) {
    Family family;
    Note(family, std::vector{kShell}, Runs("/bin/sh"), 101);
    Note(family, std::vector{kShell}, Runs("/usr/bin/gh"), 200, children);
    const Process forked{11, 200}, executed{12, 300};
    Note(family, std::vector{executed, kShell}, Runs("/usr/bin/curl"), 301);
    const bool sure = children == Family::Children::kNone;
    const auto gh = [&](const std::vector<Process>& line, std::size_t at) {
      const command::Parent one = family.Of(line).line.processes.at(at);
      EXPECT_EQ(one.path, "/usr/bin/gh");
      return one.knowledge;
    };
    EXPECT_EQ(gh({forked, kShell}, 0), sure ? kWhole : kNothing);
    EXPECT_EQ(gh({executed, kShell}, 1), sure ? kWhole : kNothing);
    EXPECT_EQ(gh({kShell}, 0), kWhole) << "itself it surely is";
  }
}

TEST(Family, WhatProcSaysOfAParentThatBecameThatLaterIsNothing) {
  Family family;
  const Process early{11, 150};
  Note(family, std::vector{kGh}, Runs("/usr/bin/gh"), 250);
  EXPECT_TRUE(family.Of(std::vector{early, kGh}).replaced);
  EXPECT_FALSE(family.Of(std::vector{kChild, kGh}).replaced);
  const auto parents = [] { return command::Lineage{{{.path = "/usr/bin/gh"}}}; };
  family.Note(std::vector{early, kGh}, Runs("/usr/bin/curl"), {.now = 301}, parents);
  EXPECT_EQ(family.Of(std::vector{early}).line.processes.at(1).knowledge,
            command::Knowledge::kNothing);
}

TEST(Family, WhatIsCutOffIsSaidToBeMissing) {
  Family family;
  for (int i = 0; i < 10 * limits::kParents; ++i) {
    EXPECT_EQ(family.Of(std::vector{kGh}).line.cut, i > 2 * limits::kParents + 1) << i;
    Note(family, std::vector{kGh}, Runs("/bin/a"), 200);
  }
  const auto parents = [] {
    return command::Lineage{.processes = {{.path = "/bin/sh"}}, .cut = true};
  };
  family.Note(std::vector{kShell}, Runs("/usr/bin/curl"), {.now = 301}, parents);
  EXPECT_TRUE(family.Of(std::vector{kShell}).line.cut) << "proc was not followed to its end";
  Note(family, std::vector{kChild}, Runs("/usr/bin/curl"), 301);
  EXPECT_FALSE(family.Of(std::vector{kChild}).line.cut);
}

TEST(Family, WhoWasForgottenWhileTheyLivedMayHaveBeenAnything) {
  Family family;
  for (pid_t pid = 1; !family.full(); ++pid) {
    Note(family, std::vector{Process{pid, 1}}, Runs("/bin/true"), 2);
  }
  family.Forget([](const Process&) { return true; });
  EXPECT_TRUE(family.Of(std::vector{Process{8, 1}}).line.cut);
  Note(family, std::vector{kChild}, Runs("/usr/bin/curl"), 301);
  EXPECT_TRUE(family.Of(std::vector{kChild}).line.cut);
}

TEST(Family, IsBounded) {
  Family family;
  for (int i = 0; i < 10 * limits::kParents; ++i) {
    Note(family, std::vector{kGh}, Runs(fmt::format("/bin/{}", i)),
         200 + static_cast<std::uint64_t>(i));
  }
  const auto paths = Paths(family, {kGh});
  EXPECT_LE(paths.size(), 3u * limits::kParents);
  EXPECT_GE(paths.size(), 1u * limits::kParents);
  EXPECT_EQ(paths[1], fmt::format("/bin/{}", 10 * limits::kParents - 2)) << "the nearest stay";
  for (pid_t pid = 1; !family.full(); ++pid) {
    Note(family, std::vector{Process{pid, 1}}, Runs("/bin/true"), 2);
  }
  family.Forget([](const Process& one) { return one.pid == 7; });
  EXPECT_FALSE(family.full());
  EXPECT_THAT(Paths(family, {{7, 1}}), ElementsAre("/bin/true"));
  EXPECT_THAT(Paths(family, {{8, 1}}), IsEmpty());
}

}  // namespace
}  // namespace aileron::mediation
