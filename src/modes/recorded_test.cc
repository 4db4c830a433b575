#include "modes/recorded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "modes/limits.h"

namespace aileron::modes {
namespace {

using testing::ElementsAre;

Json Command(std::string_view detail, std::string_view action = "allow") {
  return {{"kind", "command"}, {"path", "/usr/bin/git"}, {"action", action}, {"detail", detail}};
}
std::vector<std::string> Words(std::string_view detail) {
  return RecordedIn(Command(detail))->subject.command;
}

TEST(Recorded, WordsOfACommandAreReadAsTheyWereQuoted) {
  EXPECT_THAT(Words("git commit -m 'it'\\''s (not) done' ''"),
              ElementsAre("git", "commit", "-m", "it's (not) done", ""));
  EXPECT_THAT(Words("sh -c 'git push -f' (git push --force)"),
              ElementsAre("sh", "-c", "git push -f"));
  EXPECT_THAT(Words("echo '(x)' '...' ...x"), ElementsAre("echo", "(x)", "...", "...x"));
  EXPECT_THAT(Words(""), ElementsAre("/usr/bin/git"));
  EXPECT_EQ(RecordedIn(Command("git"))->subject.executable, "/usr/bin/git");
}

TEST(Recorded, ACommandThatWasCutIsNotTakenForWhole) {
  EXPECT_TRUE(RecordedIn(Command("git push"))->whole);
  EXPECT_TRUE(RecordedIn(Command("git '...'"))->whole);
  for (const std::string_view cut : {"git push ...", "git push ... (git push ?)", "git 'push"}) {
    const auto one = RecordedIn(Command(cut));
    EXPECT_FALSE(one->whole) << cut;
    EXPECT_EQ(one->subject.command.front(), "git") << cut;
  }
}

TEST(Recorded, WhatWasKilledOrIsAboutSomethingElseIsNothing) {
  EXPECT_FALSE(RecordedIn(Command("it changed while it was looked at", "kill")));
  EXPECT_FALSE(RecordedIn({{"kind", "session"}, {"action", "allow"}}));
  EXPECT_FALSE(RecordedIn(
      {{"kind", "request"}, {"host", "aileron.internal"}, {"port", 443}, {"action", "allow"}}));
}

Json Request(std::string_view action, std::string_view rule, std::string_view code = "") {
  return {{"kind", "request"}, {"method", "GET"},  {"host", "a.example"}, {"port", 8080},
          {"path", "/x"},      {"action", action}, {"rule", rule},        {"code", code}};
}

TEST(Recorded, WhatWasAskedAboutIsAllowedWhereItWentThroughAlone) {
  const auto yes = RecordedIn(Request("allow", "approval 01A"));
  EXPECT_TRUE(yes->allowed());
  EXPECT_EQ(yes->opinion.verdict, "ask");
  for (const std::string_view code : {"approval_denied", "approval_pending", "approval_expired"}) {
    const auto no = RecordedIn(Request("deny", "approval 01A", code));
    EXPECT_FALSE(no->allowed()) << code;
    EXPECT_EQ(no->opinion.verdict, "ask") << code;
  }
  EXPECT_FALSE(RecordedIn(Request("deny", "grant 01A", "approval_denied"))->allowed());
  EXPECT_TRUE(RecordedIn(Command("git", "record"))->allowed());
  EXPECT_FALSE(RecordedIn(Command("git", "redirect"))->allowed());
}

TEST(Recorded, TheSchemeSaysWhatWasSpokenOnAnyPort) {
  Json record = Request("allow", "");
  const auto protocol = [&] { return RecordedIn(record)->subject.request->protocol; };
  EXPECT_EQ(protocol(), policy::Protocol::kHttps) << "of an older record, by its port";
  record["scheme"] = "http";
  EXPECT_EQ(protocol(), policy::Protocol::kHttp);
  record["port"] = 80;
  record["scheme"] = "https";
  EXPECT_EQ(protocol(), policy::Protocol::kHttps);
}

TEST(Recorded, WhatIsLetRunAgreesWithWhatIsLetRun) {
  const Recorded ran = *RecordedIn(Command("git", "record"));
  EXPECT_TRUE(Agrees(ran, {.verdict = "allow"}));
  EXPECT_TRUE(Agrees(ran, {.verdict = "record"}));
  EXPECT_FALSE(Agrees(ran, {.verdict = "ask"}));
  EXPECT_FALSE(Agrees(*RecordedIn(Request("deny", "")), {.verdict = "ask"}));
  Recorded with = *RecordedIn(Request("allow", ""));
  with.credential = "token/x";
  const std::vector<std::string> same = {"token/x"}, other = {"token/y"};
  EXPECT_TRUE(Agrees(with, {.verdict = "allow", .credentials = same}));
  EXPECT_FALSE(Agrees(with, {.verdict = "allow", .credentials = other}));
}

TEST(Recording, TheSameIsCountedAndAnotherOutcomeIsAnother) {
  Recording recording;
  for (const Json& record :
       {Request("allow", "a"), Request("deny", "approval 1"), Request("allow", "a"),
        Request("allow", "approval 1"), Command("git 'a b'"), Command("git a b")}) {
    recording.Add(*RecordedIn(record));
  }
  ASSERT_EQ(recording.things().size(), 5u);
  EXPECT_EQ(recording.things()[0].count, 2u);
  EXPECT_TRUE(recording.complete());
}

TEST(Recording, OfMoreThanItsBoundTheRestIsLeftOut) {
  Recording recording;
  Recorded one = *RecordedIn(Command("git"));
  for (std::size_t i = 0; i < limits::recorded_kept; ++i) {
    one.credential = std::to_string(i);
    recording.Add(one);
  }
  EXPECT_TRUE(recording.complete());
  recording.Add(one);
  EXPECT_TRUE(recording.complete()) << "what is known is counted";
  EXPECT_EQ(recording.things().back().count, 2u);
  one.credential = "another";
  recording.Add(one);
  EXPECT_FALSE(recording.complete());
  EXPECT_EQ(recording.things().size(), limits::recorded_kept);
}

}  // namespace
}  // namespace aileron::modes
