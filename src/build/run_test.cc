#include "build/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "build/limits.h"
#include "image/testing_image.h"

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Shown {
  Result<ToolEnd> end;
  std::vector<std::string> lines;
};

Shown Shell(const std::string& script, Duration longest = std::chrono::seconds(60)) {
  Shown shown;
  shown.end = RunTool({.line = {"/bin/sh", "-c", script},
                       .longest = longest,
                       .show = [&](std::string_view line) { shown.lines.emplace_back(line); }});
  return shown;
}

TEST(RunTool, ShowsLinesAndTellsHowItEnded) {
  const Shown shown = Shell("echo one; echo two >&2; printf 'a\\rb\\n\\n  c'; exit 3");
  ASSERT_TRUE(shown.end) << shown.end.error().message;
  EXPECT_EQ(shown.end->code, 3);
  EXPECT_THAT(shown.lines, ElementsAre("one", "two", "a", "b", "c"));
  EXPECT_EQ(shown.end->last_lines, shown.lines);
  EXPECT_EQ(Shell("kill -9 $$").end->code, 128 + 9);
}

TEST(RunTool, LinesAreSafeToShow) {
  const Shown shown = Shell("printf '\\033]0;title\\007\\n'");
  EXPECT_THAT(shown.lines, ElementsAre("\\x1b]0;title\\x07"));
}

TEST(RunTool, KeepsTheLastLinesOnly) {
  const Shown shown = Shell("i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); done");
  EXPECT_EQ(shown.lines.size(), 100U);
  ASSERT_EQ(shown.end->last_lines.size(), limits::kLastLines);
  EXPECT_EQ(shown.end->last_lines.back(), "99");
  const Shown wide = Shell("head -c 10000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(wide.lines.size(), 3U);
}

TEST(RunTool, HasThisEnvironmentAndNoInput) {
  setenv("RUN_TEST_WORD", "known", 1);
  EXPECT_THAT(Shell("echo $RUN_TEST_WORD; cat").lines, ElementsAre("known"));
}

TEST(RunTool, OutputGoesToAFileWhereOneIsNamed) {
  const image::TestFolder folder;
  const auto end = RunTool({.line = {"/bin/sh", "-c", "printf 'a\\033b\\n'; echo c >&2"},
                            .longest = std::chrono::seconds(60),
                            .output = folder.In("out")});
  ASSERT_TRUE(end);
  EXPECT_THAT(end->last_lines, ElementsAre("c"));
  EXPECT_EQ(os::ReadFile(folder.In("out")).value(), "a\033b\n");
}

TEST(RunTool, DoesNotWaitForWhatWasLeftBehind) {
  const Duration begin = Uptime();
  const Shown shown = Shell("sleep 30 & echo done");
  EXPECT_THAT(shown.lines, ElementsAre("done"));
  EXPECT_LT(Uptime() - begin, std::chrono::seconds(20));
}

TEST(RunTool, EndsWhatTakesTooLong) {
  const Shown shown = Shell("exec sleep 60", std::chrono::milliseconds(100));
  ASSERT_FALSE(shown.end);
  EXPECT_EQ(shown.end.error().code, Code::kUnavailable);
  EXPECT_THAT(shown.end.error().message, HasSubstr("took longer than 100ms"));
}

TEST(RunTool, WhatCannotBeStartedIsAnError) {
  const auto end = RunTool({.line = {"/nowhere/x"}, .longest = std::chrono::seconds(1)});
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("/nowhere/x"));
}

}  // namespace
}  // namespace aileron::build
