#include "command/pattern.h"

#include <gmock/gmock.h>

#include "command/limits.h"
#include "command/shell_text.h"

namespace aileron::command {
namespace {

using testing::HasSubstr;
using enum Match;

// How the pattern meets a command, which is written as a shell reads it, so that $x is not known.
Match Meets(std::string_view pattern, std::string_view line, Extent extent = Extent::kAtLeast,
            std::string_view cwd = "/work") {
  Texts texts;
  const ShellText read = ReadShellText(line, Dialect::kBash, texts);
  EXPECT_TRUE(read.status && read.commands.size() == 1) << line;
  const auto parsed = Pattern::Parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  if (!parsed || read.commands.size() != 1) return kNo;
  const std::span<const Word> words = read.commands[0].words;
  return std::min(parsed->MatchProgram(words.front(), cwd),
                  parsed->MatchArguments(words.front().text, words.subspan(1), cwd, extent));
}

Match Exactly(std::string_view pattern, std::string_view line) {
  return Meets(pattern, line, Extent::kExactly);
}

std::string Flaw(std::string_view pattern) {
  const auto parsed = Pattern::Parse(pattern);
  return parsed ? "none" : parsed.error().message;
}

TEST(Pattern, NamesAProgramByNameOrPath) {
  EXPECT_EQ(Meets("git", "git push"), kMet);
  EXPECT_EQ(Meets("git", "/usr/bin/git push"), kMet);
  EXPECT_EQ(Meets("git", "gitk"), kNo);
  EXPECT_EQ(Meets("/usr/bin/git", "/usr/bin/git"), kMet);
  EXPECT_EQ(Meets("/usr/bin/git", "/usr/./lib/../bin//git"), kMet);
  EXPECT_EQ(Meets("/usr/bin/git", "/tmp/git"), kNo);
  EXPECT_EQ(Meets("/usr/bin/git", "git"), kMet) << "PATH may lead there";
  EXPECT_EQ(Meets("/opt/*", "/opt/a/b x"), kMet);
  EXPECT_EQ(Meets("*", "anything at all"), kMet);
  EXPECT_EQ(Meets("python3*", "/usr/bin/python3.11"), kMet);
  EXPECT_EQ(Meets("git push", "\"$x\" push"), kCouldBe);
  EXPECT_EQ(Meets("git push", "/usr/bin/g?t push"), kCouldBe);
  EXPECT_EQ(Meets("git push", "/usr/bin/g?p push"), kNo);
}

TEST(Pattern, OptionsStandInAnyOrderAndSpelling) {
  for (const std::string_view line :
       {"rm -rf /", "rm -r -f /", "rm -fr /", "rm / -rf", "rm -vfr /", "rm -R --force /",
        "rm --recursive --force /", "rm -rf -- /", "rm -rf foo /", "rm -rfI /", "rm -r / -f",
        "rm --recurs --forc /", "rm -rf --no-preserve-root /"}) {
    EXPECT_EQ(Meets("rm -rf /", line), kMet) << line;
    EXPECT_EQ(Meets("rm --force -r /", line), kMet) << line;
  }
  for (const std::string_view line :
       {"rm -r /", "rm -f /", "rm -rf /home", "rm -rf build", "rm --recursive /", "rm -rf"}) {
    EXPECT_EQ(Meets("rm -rf /", line), kNo) << line;
  }
}

TEST(Pattern, ForceIsNotForceWithLease) {
  EXPECT_EQ(Meets("git push --force", "git push --force"), kMet);
  EXPECT_EQ(Meets("git push --force", "git push origin main --force"), kMet);
  EXPECT_EQ(Meets("git push --force", "git push -uf origin"), kMet);
  EXPECT_EQ(Meets("git push --force", "git push --forc"), kMet);
  EXPECT_EQ(Meets("git push --force", "git push origin +main"), kMet);
  EXPECT_EQ(Meets("git push --force", "git push --force-with-lease"), kNo);
  EXPECT_EQ(Meets("git push --force-with-lease", "git push --force"), kNo);
  EXPECT_EQ(Meets("git push --force-with-lease", "git push --force-with-lease=main"), kMet);
  EXPECT_EQ(Meets("git push * --force*", "git push origin --force-with-lease"), kMet);
  EXPECT_EQ(Meets("git push * --force*", "git push --force"), kNo) << "\"*\" is one word";
  EXPECT_EQ(Meets("git push --force", "git commit -m 'push --force'"), kNo);
}

TEST(Pattern, ValuesAreAttachedOrApart) {
  for (const std::string_view line : {"docker run --network=host x", "docker run --network host x",
                                      "docker run -it --network host x"}) {
    EXPECT_EQ(Meets("docker run --network=host", line), kMet) << line;
    EXPECT_EQ(Meets("docker run --network host", line), kMet) << line;
  }
  EXPECT_EQ(Meets("docker run --network=host", "docker run --network=none host"), kNo);
  EXPECT_EQ(Meets("docker run --network host", "docker run --network=\"$x\" y"), kCouldBe);
  EXPECT_EQ(Meets("docker run --network host", "docker run --network \"$x\" y"), kCouldBe);
  EXPECT_EQ(Meets("docker run -v /:*", "docker run -v/:/host x"), kMet);
  EXPECT_EQ(Meets("docker run -v=/:*", "docker run --volume /:/host x"), kNo)
      << "letters take no \"=\"";
  EXPECT_EQ(Meets("docker run --volume=/:*", "docker run -v /:/host x"), kMet);
  EXPECT_EQ(Meets("docker run --volume=/:*", "docker run -dv=/:/host x"), kMet);
}

TEST(Pattern, TheFirstBareWordIsASubcommand) {
  EXPECT_EQ(Meets("npm publish", "npm publish --access public"), kMet);
  EXPECT_EQ(Meets("npm publish", "npm --registry x publish"), kMet);
  EXPECT_EQ(Meets("npm publish", "npm install publish"), kNo);
  EXPECT_EQ(Meets("npm ** publish", "npm install publish"), kMet);
  EXPECT_EQ(Meets("git push origin main", "git push -v origin main"), kMet);
  EXPECT_EQ(Meets("git push origin main", "git push main origin"), kNo);
  EXPECT_EQ(Meets("pip install requests", "pip install -q flask requests"), kMet);
  EXPECT_EQ(Meets("cat secret", "cat a secret"), kMet) << "cat has no subcommands";
  EXPECT_EQ(Meets("find -delete", "find . -name x -delete"), kMet);
  EXPECT_EQ(Meets("find -delete", "find . -type d -ls -empty"), kNo);
  EXPECT_EQ(Meets("terraform apply -auto-approve", "terraform apply --auto-approve"), kMet);
}

TEST(Pattern, PathsAreMetInAnySpelling) {
  for (const std::string_view path : {"/", "//", "/.", "/usr/..", "./..", "..", "/work/../"}) {
    EXPECT_EQ(Meets("rm -rf /", fmt::format("rm -rf {}", path)), kMet) << path;
  }
  EXPECT_EQ(Meets("cat /etc/passwd", "cat ../etc/./passwd"), kMet);
  EXPECT_EQ(Meets("cat /etc/*", "cat ../etc/ssl/x"), kMet);
  EXPECT_EQ(Meets("cat /etc/*", "cat etc/x"), kNo);
  EXPECT_EQ(Meets("cat /etc/*", "cat etc/x", Extent::kAtLeast, "/"), kMet);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf .", Extent::kAtLeast, ""), kCouldBe) << "no cwd is known";
  EXPECT_EQ(Meets("rm -rf /", "rm -rf build", Extent::kAtLeast, ""), kNo);
}

TEST(Pattern, WhatIsNotKnownCouldBeIt) {
  for (const std::string_view line :
       {"git push $x", "git push \"$x\"", "git $x", "git $x --force", "git push --$x",
        "git push -$x", "git push --f$x", "git push \"$@\"", "git push {a,b}",
        "git push --forc{e,x}", "git push *", "git push --message=$x"}) {
    EXPECT_EQ(Meets("git push --force", line), kCouldBe) << line;
  }
  for (const std::string_view line :
       {"git add $x", "git commit -m \"$x\"", "git push --dry-run", "git push --message=\"$x\"",
        "git push v*.txt", "git status \"$x\""}) {
    EXPECT_EQ(Meets("git push --force", line), kNo) << line;
  }
  EXPECT_EQ(Meets("rm -rf /", "rm -rf $x"), kCouldBe);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf \"$x\""), kCouldBe);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf /*"), kCouldBe);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf ~"), kCouldBe);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf \"$x/\""), kCouldBe);
  EXPECT_EQ(Meets("rm -rf /", "rm -r \"$x\""), kNo) << "one word is not an option and a path";
  EXPECT_EQ(Meets("rm -rf /", "rm -r \"$x\" \"$y\""), kCouldBe);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf *.o"), kNo);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf build/*"), kNo);
  EXPECT_EQ(Meets("rm -rf /", "rm -rf \"$x\"/build"), kNo);
  EXPECT_EQ(Meets("cat /etc/*", "cat \"$x\"/passwd"), kCouldBe);
}

TEST(Pattern, ExactlyTakesNoOtherWords) {
  EXPECT_EQ(Exactly("git status", "git status"), kMet);
  EXPECT_EQ(Exactly("git status", "/usr/bin/git status"), kMet);
  for (const std::string_view line : {"git status -s", "git -C x status", "git status .", "git",
                                      "git \"$x\"", "git $x status", "git status $x", "git push"}) {
    EXPECT_EQ(Exactly("git status", line), kNo) << line;
  }
  EXPECT_EQ(Exactly("git status **", "git status -s -- $x"), kMet);
  EXPECT_EQ(Exactly("git **", "git"), kMet);
  EXPECT_EQ(Exactly("git log -p **", "git log -p --stat x"), kMet);
  EXPECT_EQ(Exactly("git log -p **", "git log --stat -p"), kNo);
  EXPECT_EQ(Exactly("ls -la", "ls -a -l"), kMet);
  EXPECT_EQ(Exactly("ls -la", "ls -al"), kMet);
  EXPECT_EQ(Exactly("ls -la", "ls -l"), kNo);
  EXPECT_EQ(Exactly("ls -la", "ls -laR"), kNo);
  EXPECT_EQ(Exactly("rm -f x", "rm --force x"), kNo) << "only what it says";
}

TEST(Pattern, ExactlyKeepsOptionsBetweenTheirOperands) {
  EXPECT_EQ(Exactly("docker run --rm alpine", "docker run --rm alpine"), kMet);
  EXPECT_EQ(Exactly("docker run --rm alpine", "docker run alpine --rm"), kNo);
  EXPECT_EQ(Exactly("git checkout -- a", "git checkout -- a"), kMet);
  EXPECT_EQ(Exactly("git checkout -- a", "git checkout a"), kNo);
  EXPECT_EQ(Exactly("git checkout a", "git checkout -- a"), kNo);
  EXPECT_EQ(Exactly("make --jobs=4 all", "make --jobs 4 all"), kMet);
  EXPECT_EQ(Exactly("make --jobs 4 all", "make --jobs=4 all"), kMet);
  EXPECT_EQ(Exactly("make --jobs 4 all", "make --jobs=5 all"), kNo);
  EXPECT_EQ(Exactly("make --jobs", "make --jobs=4"), kNo);
  EXPECT_EQ(Exactly("find . -name *.o", "find . -name '*.o'"), kMet);
}

TEST(Pattern, ExactlyAStarIsOnePlainWord) {
  EXPECT_EQ(Exactly("git show *", "git show HEAD~1"), kMet);
  EXPECT_EQ(Exactly("git show *", "git show --ext-diff"), kNo);
  EXPECT_EQ(Exactly("git show *", "git show a b"), kNo);
  EXPECT_EQ(Exactly("git show *", "git show"), kNo);
  EXPECT_EQ(Exactly("git show *", "git show \"$x\""), kNo);
  EXPECT_EQ(Exactly("cat src/*", "cat src/a/b"), kMet);
  EXPECT_EQ(Exactly("cat src/*", "cat src/../../etc/passwd"), kNo);
  EXPECT_EQ(Exactly("echo \\*", "echo '*'"), kMet);
  EXPECT_EQ(Exactly("echo \\*", "echo x"), kNo);
  EXPECT_EQ(Exactly("echo 'a b' \"c*\"", "echo 'a b' 'c*'"), kMet);
}

TEST(Pattern, ReadsRegularExpressions) {
  EXPECT_EQ(Meets("git re:push .*--mirror", "git push a --mirror"), kMet);
  EXPECT_EQ(Meets("git re:push .*--mirror", "git pull"), kNo);
  EXPECT_EQ(Meets("re:^(curl|wget) .*\\.sh$", "/usr/bin/curl x.sh"), kNo) << "the name is as given";
  EXPECT_EQ(Meets("re:^(curl|wget) .*\\.sh$", "wget x.sh"), kMet);
  EXPECT_EQ(Meets("git re:--mirror", "git \"push\n--mirror\""), kMet);
  EXPECT_EQ(Meets("git re:a.b", "git 'a\nb'"), kMet) << "a line break hides nothing";
  EXPECT_EQ(Meets("git re:push", "git $x"), kCouldBe);
  EXPECT_EQ(Exactly("git re:push", "git push x"), kNo) << "the whole line";
  EXPECT_EQ(Exactly("git re:push .*", "git push x"), kMet);
  EXPECT_EQ(Exactly("git re:.*", "git $x"), kNo);
  EXPECT_EQ(Meets("git re:\\xff", "git $'\\xff'"), kMet) << "words are bytes";
}

TEST(Pattern, SaysWhatIsWrong) {
  EXPECT_THAT(Flaw(""), HasSubstr("names no program"));
  EXPECT_THAT(Flaw("./deploy"), HasSubstr("neither a name"));
  EXPECT_THAT(Flaw("bin/deploy"), HasSubstr("neither a name"));
  EXPECT_THAT(Flaw("--force"), HasSubstr("no program"));
  EXPECT_THAT(Flaw("A=1 git"), HasSubstr("no program"));
  EXPECT_THAT(Flaw("git 'push"), HasSubstr("not closed"));
  EXPECT_THAT(Flaw("git push\\"), HasSubstr("backslash"));
  EXPECT_THAT(Flaw("git --=x"), HasSubstr("no option"));
  EXPECT_THAT(Flaw("git re:("), HasSubstr("RE2"));
  EXPECT_THAT(Flaw("git\npush"), HasSubstr("one line"));
  EXPECT_THAT(Flaw(std::string(limits::kPatternTextMax + 1, 'a')), HasSubstr("longer than"));
  std::string many = "git";
  for (std::size_t i = 0; i <= limits::kPatternWords; ++i) many += " a";
  EXPECT_THAT(Flaw(many), HasSubstr("more than"));
}

TEST(Pattern, LongCommandsAndWordsTakeLittle) {
  std::vector<std::string> texts(100'000, "file");
  std::vector<Word> words;
  for (const std::string& text : texts) words.push_back({text});
  words.push_back({"-rf"});
  words.push_back({"/"});
  const auto pattern = Pattern::Parse("rm -rf /");
  EXPECT_EQ(pattern->MatchArguments("rm", words, "/work", Extent::kAtLeast), kMet);
  const std::string stars = "git a*a*a*a*a*a*a*a*b";
  const std::string long_word(100'000, 'a');
  const Word known{long_word};
  EXPECT_EQ(
      Pattern::Parse(stars)->MatchArguments("git", std::span(&known, 1), "", Extent::kAtLeast),
      kNo);
}

}  // namespace
}  // namespace aileron::command
