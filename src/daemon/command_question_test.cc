#include "daemon/command_question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Sentinels kSentinels = {{"github", {.variable = "GH_TOKEN", .value = "look-alike-0123"}}};
const session::Session kSession{.id = "01", .command = {"claude"}, .workspace = "/work"};

mediation::Told Words(std::vector<std::string> words) {
  return {.executable = "/usr/bin/x", .words = std::move(words), .folder = "/work"};
}
std::string Line(std::vector<std::string> words) {
  return CommandLine(Words(std::move(words)), kSentinels);
}
std::string KeyOf(const mediation::Told& told, std::uint64_t number = 1) {
  return QuestionOn(kSession, {.number = number, .told = told}, kSentinels).key;
}

TEST(CommandLine, IsWrittenAsAShellWouldReadIt) {
  EXPECT_EQ(Line({"git", "commit", "-m", "it's done", ""}), "git commit -m 'it'\\''s done' ''");
  EXPECT_EQ(Line({"a;b", "$(x)", "*"}), "'a;b' '$(x)' '*'");
  EXPECT_EQ(Line({"\033[2J\xff"}), "'\\x1b[2J\\xff'");
  mediation::Told cut = Words({"a"});
  cut.cut = true;
  EXPECT_EQ(CommandLine(cut, {}), "a ...");
}

TEST(RecordedLine, IsInWholeWordsAndSaysWhatItIsUnderstoodAs) {
  EXPECT_EQ(RecordedLine(Words({"echo", "...", "(x)"}), {}), "echo '...' '(x)'");
  mediation::Told told = Words({"sh", "-c", "git push -f"});
  told.command = "git push --force";
  EXPECT_EQ(RecordedLine(told, {}), "sh -c 'git push -f' (git push --force)");
  EXPECT_EQ(RecordedLine(Words({"x", std::string(1'400, 'a'), std::string(200, 'b'), "c"}), {}),
            "x " + std::string(1'400, 'a') + " ...");
  EXPECT_EQ(RecordedLine(Words({std::string(1'600, '\'')}), {}), "...");
}

TEST(CommandLine, SecretsAreMasked) {
  for (const std::vector<std::string>& words : std::initializer_list<std::vector<std::string>>{
           {"x", "--token=swordfish"},
           {"x", "--password", "swordfish"},
           {"env", "API_KEY=swordfish", "x"},
           {"curl", "-H", "Authorization: swordfish"},
           {"curl", "https://me:swordfish@site.test/a"},
           {"git", "clone", "https://swordfish@site.test/a"},
           {"x", "ghp_swordfish0123456789abcdefghij"},
           {"x", "K=ghp_swordfish0123456789abcdefghij"}}) {
    EXPECT_THAT(Line(words), Not(HasSubstr("swordfish"))) << words[1];
    EXPECT_THAT(Line(words), HasSubstr("(masked)")) << words[1];
  }
  EXPECT_THAT(Line({"x", "a-look-alike-0123-b"}), Not(HasSubstr("look-alike-0123")));
  EXPECT_EQ(Line({"git", "push", "--force", "a:b", "x=y", "http://site.test/a@b"}),
            "git push --force a:b x=y http://site.test/a@b");
}

TEST(CommandQuestion, AYesCoversTheSameFileWordsAndFolder) {
  const mediation::Told told = Words({"git", "push"});
  EXPECT_EQ(KeyOf(told), KeyOf(told, 2));
  mediation::Told other = told;
  other.folder = "/other";
  EXPECT_NE(KeyOf(told), KeyOf(other));
  other = told;
  other.executable = "/tmp/git";
  EXPECT_NE(KeyOf(told), KeyOf(other));
  EXPECT_NE(KeyOf(Words({"a", "b c"})), KeyOf(Words({"a", "b", "c"})));
  // Both are shown masked.
  EXPECT_NE(KeyOf(Words({"x", "--token=1"})), KeyOf(Words({"x", "--token=2"})));
  EXPECT_THAT(KeyOf(Words({"x", "--token=swordfish"})), Not(HasSubstr("swordfish")));
}

TEST(CommandQuestion, OfWhatWasNotToldWholeAYesCoversNothingElse) {
  mediation::Told told = Words({"x"});
  told.cut = true;
  EXPECT_NE(KeyOf(told, 1), KeyOf(told, 2));
}

TEST(CommandQuestion, TellsWhatRunsWhereAndByWhom) {
  mediation::Told told = Words({"sh", "-c", "git push -f"});
  told.parents = {"/usr/bin/bash", "/usr/bin/node"};
  told.command = "git push --force";
  told.terminal = true;
  const approval::Question question =
      QuestionOn(kSession, {.number = 1, .told = told, .rule = "r", .reason = "why"}, {});
  EXPECT_EQ(question.title, "run sh -c 'git push -f'");
  std::map<std::string, std::string> fields;
  for (const approval::Field& field : question.fields) fields[field.name] = field.value;
  EXPECT_EQ(fields["understood as"], "git push --force");
  EXPECT_EQ(fields["started by"], "/usr/bin/bash, by /usr/bin/node");
  EXPECT_EQ(fields["standard input"], "a terminal");
  EXPECT_EQ(fields["folder"], "/work");
  EXPECT_EQ(fields["rule"], "r");
  EXPECT_EQ(question.subject, approval::Subject::kCommand);
}

}  // namespace
}  // namespace aileron::daemon
