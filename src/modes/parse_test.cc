#include "modes/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Command Runner() {
  return {
      .flags = {{.name = "--profile", .value = "NAME", .summary = "p", .choices = "open|locked"},
                {"--allow", "HOST", "a", Repeat::kMany},
                {.name = "--env",
                 .value = "NAME",
                 .summary = "e",
                 .repeat = Repeat::kMany,
                 .letter = "-e"},
                {"--quiet", "", "q"}},
      .arguments = {{"COMMAND", "c", Arity::kRest}}};
}
Command Pair() {
  return {.flags = {kJsonFlag}, .arguments = {{"NAME", "n"}, {"OTHER", "o", Arity::kOptional}}};
}

Result<Parsed> Read(const Command& command, std::vector<std::string> words) {
  return Parse(command, "aileron x", words);
}
std::string Mistake(const Command& command, std::vector<std::string> words) {
  const auto parsed = Read(command, std::move(words));
  EXPECT_FALSE(parsed);
  return parsed ? "" : parsed.error().message;
}

TEST(Parse, TakesFlagsInBothSpellings) {
  const auto parsed = Read(Runner(), {"--profile=open", "--allow", "a.test", "--allow=b.test:8443",
                                      "-e", "X=1", "--quiet", "-eY=2"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->Value("--profile"), "open");
  EXPECT_THAT(parsed->Values("--allow"), ElementsAre("a.test", "b.test:8443"));
  EXPECT_THAT(parsed->Values("--env"), ElementsAre("X=1", "Y=2"));
  EXPECT_TRUE(parsed->Has("--quiet"));
  EXPECT_THAT(parsed->arguments, IsEmpty());
}

TEST(Parse, AnArgumentMayStandBeforeTheCommandsOwnWords) {
  Command named = Runner();
  named.arguments.insert(named.arguments.begin(), {"NAME", "n"});
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"web", "--allow", "a.test", "--", "curl", "--allow", "x"},
        std::vector<std::string>{"--allow", "a.test", "web", "curl", "--allow", "x"},
        std::vector<std::string>{"web", "--allow=a.test", "curl", "--allow", "x"}}) {
    const auto parsed = Read(named, words);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_THAT(parsed->arguments, ElementsAre("web", "curl", "--allow", "x"));
    EXPECT_THAT(parsed->Values("--allow"), ElementsAre("a.test"));
  }
  EXPECT_THAT(Mistake(named, {"--quiet"}), HasSubstr("needs NAME"));
}

TEST(Parse, LeavesTheCommandsOwnWordsAlone) {
  const std::vector<std::string> rest = {"curl", "--allow", "-e", "[a,b]", "--", "--help", ""};
  std::vector<std::string> words = {"--allow", "a.test"};
  words.insert(words.end(), rest.begin(), rest.end());
  auto parsed = Read(Runner(), words);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->arguments, rest);
  EXPECT_THAT(parsed->Values("--allow"), ElementsAre("a.test"));
  EXPECT_FALSE(parsed->Has("--help"));

  words.insert(words.begin() + 2, "--");
  parsed = Read(Runner(), words);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->arguments, rest);
}

TEST(Parse, TakesACommandThatBeginsWithADashBehindTwo) {
  const auto parsed = Read(Runner(), {"--", "-weird", "x"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->arguments, ElementsAre("-weird", "x"));
}

TEST(Parse, LetsTheLastOneCount) {
  const auto parsed = Read(Runner(), {"--profile=open", "--profile", "locked"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->Value("--profile"), "locked");
}

TEST(Parse, KeepsValuesAsTheyAre) {
  const auto parsed = Read(
      Runner(), {"--allow=[::1]:443", "--allow", "-", "--env", "A=b=c,d e", "--env", "Q=\"x\""});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->Values("--allow"), ElementsAre("[::1]:443", "-"));
  EXPECT_THAT(parsed->Values("--env"), ElementsAre("A=b=c,d e", "Q=\"x\""));
}

TEST(Parse, SuggestsTheFlagThatWasMeant) {
  EXPECT_THAT(Mistake(Runner(), {"--alow=x"}), HasSubstr("did you mean \"--allow\""));
  EXPECT_THAT(Mistake(Runner(), {"--zzzzzz", "cmd"}), Not(HasSubstr("did you mean")));
  EXPECT_THAT(Mistake(Runner(), {"--alow=x"}), HasSubstr("aileron x --help"));
  EXPECT_THAT(Mistake(Pair(), {"n", "--jsn"}), HasSubstr("did you mean \"--json\""));
}

TEST(Parse, SaysWhichValueIsMissingOrWrong) {
  EXPECT_THAT(Mistake(Runner(), {"--profile"}), HasSubstr("--profile=NAME"));
  EXPECT_THAT(Mistake(Runner(), {"--profile=opem"}), HasSubstr("did you mean \"open\""));
}

TEST(Parse, CountsArguments) {
  EXPECT_THAT(Mistake(Pair(), {}), HasSubstr("needs NAME"));
  EXPECT_THAT(Mistake(Pair(), {"a", "b", "c"}), HasSubstr("does not take \"c\""));
  const auto parsed = Read(Pair(), {"a", "--json", "b"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->arguments, ElementsAre("a", "b"));
  const auto dashed = Read(Pair(), {"--", "--a", "[b,c]"});
  ASSERT_TRUE(dashed) << dashed.error().message;
  EXPECT_THAT(dashed->arguments, ElementsAre("--a", "[b,c]"));
}

TEST(Parse, DoesNotRepeatASuperfluousSecret) {
  Command set{.arguments = {{"NAME", "n"}}, .surplus = "not on the command line"};
  EXPECT_EQ(Mistake(set, {"token/x", "hunter2"}), "not on the command line");
}

TEST(Parse, GivesHelpWhateverElseIsWrong) {
  for (const char* help : {"--help", "-h"}) {
    const auto parsed = Read(Pair(), {help});
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_TRUE(parsed->Has("--help"));
  }
}

}  // namespace
}  // namespace aileron::modes
