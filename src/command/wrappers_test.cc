#include "command/wrappers.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "command/limits.h"

namespace aileron::command {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The execution of a command line whose words stand apart by blanks; "_" in a word is a blank.
Execution Line(std::string_view line) {
  Execution execution{.origin = Origin::kSystem, .cwd = "/work"};
  for (const std::string_view word : Split(line, ' ')) {
    std::string text(word);
    std::ranges::replace(text, '_', ' ');
    execution.argv.push_back(text);
  }
  execution.executable = "/usr/bin/" + std::string(BaseName(execution.argv.front()));
  execution.asked = execution.executable;
  return execution;
}

// What it stands for besides itself, "?" for what is not known; and why it could not be read.
std::vector<std::string> Runs(const Execution& execution) {
  const Reading reading = Read(execution);
  std::vector<std::string> lines;
  for (std::size_t i = 1; i < reading.commands.size(); ++i) {
    lines.push_back(Shown(reading.commands[i].words));
  }
  if (!reading.unread.empty()) lines.push_back("unread: " + reading.unread);
  return lines;
}
std::vector<std::string> Runs(std::string_view line) { return Runs(Line(line)); }

constexpr std::string_view kPush = "git push --force";

TEST(Wrappers, PassTheirOwnWords) {
  for (const std::string_view line : {"env git push --force",
                                      "env -i A=1 B= git push --force",
                                      "env -u X -C /tmp git push --force",
                                      "env --unset=X --chdir /tmp - git push --force",
                                      "env -S git_push git push --force",
                                      "nice git push --force",
                                      "nice -n 5 git push --force",
                                      "nice -10 git push --force",
                                      "nice --adjustment=5 git push --force",
                                      "nice --adj 5 git push --force",
                                      "nohup git push --force",
                                      "timeout 5 git push --force",
                                      "timeout -s KILL -k 1 --preserve-status 5m git push --force",
                                      "stdbuf -oL -e 0 git push --force",
                                      "setsid -w git push --force",
                                      "time -p git push --force",
                                      "time -f %e -o x git push --force",
                                      "ionice -c2 -n 7 git push --force",
                                      "chrt -r 10 git push --force",
                                      "taskset -c 0,1 git push --force",
                                      "taskset 0x3 git push --force",
                                      "sudo -u root -E A=1 git push --force",
                                      "sudo --user=root -- git push --force",
                                      "doas -u root git push --force",
                                      "runuser -u nobody -- git push --force",
                                      "flock /tmp/l git push --force",
                                      "flock -n -w 5 /tmp/l git push --force",
                                      "watch -n 1 -x git push --force",
                                      "chroot --userspec=a:b /x git push --force",
                                      "unshare -rn --mount git push --force",
                                      "nsenter -t 1 -m git push --force",
                                      "strace -f -e trace=execve -o x git push --force",
                                      "setpriv --reuid 5 --clear-groups git push --force",
                                      "busybox git push --force",
                                      "xargs -a x git push --force",
                                      "find . -exec git push --force ;",
                                      "i386 -R git push --force",
                                      "setarch i686 -R git push --force",
                                      "linux32 git push --force",
                                      "gosu root git push --force"}) {
    if (line.starts_with("env -S")) {
      EXPECT_THAT(Runs(line), Contains("git push git push --force")) << line;
    } else if (line.starts_with("xargs")) {
      EXPECT_THAT(Runs(line), ElementsAre("git push --force ?")) << line;
    } else {
      EXPECT_THAT(Runs(line), ElementsAre(kPush)) << line;
    }
  }
}

TEST(Wrappers, StandInsideOfEachOther) {
  EXPECT_THAT(Runs("sudo env nice timeout 5 sh -c exec_nohup_git_push_--force"), Contains(kPush));
  EXPECT_THAT(Runs("busybox env busybox sh -c git_push_--force"), Contains(kPush));
}

TEST(Wrappers, ThatRunNothingHaveNoCommand) {
  for (const std::string_view line :
       {"env", "env A=1", "nice", "timeout 5", "ionice -p 12", "chrt -p 12", "taskset -p 12",
        "sudo -l", "sudo -v", "xargs", "busybox --list", "flock 9", "find . -name x", "git",
        "git --version"}) {
    EXPECT_THAT(Runs(line), IsEmpty()) << line;
  }
}

TEST(Wrappers, AnUnknownOptionMakesTheLineUnread) {
  EXPECT_THAT(Runs("timeout --surprise x git push"),
              ElementsAre("unread: timeout: its option --surprise is not known"));
  EXPECT_THAT(Runs("nice -q git push"), ElementsAre(HasSubstr("its option -q is not known")));
  EXPECT_THAT(Runs("stdbuf --o L git push"), ElementsAre("git push")) << "an abbreviation";
  EXPECT_THAT(Runs("sudo --c x git push"), ElementsAre(HasSubstr("unread"))) << "of several";
}

TEST(Wrappers, EnvSplitsItsString) {
  EXPECT_THAT(Runs("env -S git_push_--force"), ElementsAre(kPush));
  EXPECT_THAT(Runs("env -iS git_push --force"), ElementsAre(kPush));
  EXPECT_THAT(Runs("env --split-string=-i_A=1_git_'push'_--force"), ElementsAre(kPush));
  EXPECT_THAT(Runs("env -Sgit_\"pu\"sh_--force"), ElementsAre(kPush));
  EXPECT_THAT(Runs("env -S git_${X}"), ElementsAre("git ?"));
  EXPECT_THAT(Runs("env -S git_\\x"), ElementsAre(HasSubstr("unread")));
  EXPECT_THAT(Runs("env -S git_'push"), ElementsAre(HasSubstr("unread")));
}

TEST(Wrappers, XargsAndFindAddWordsThatAreNotKnown) {
  EXPECT_THAT(Runs("xargs -0 -n 1 -P4 rm -f"), ElementsAre("rm -f ?"));
  EXPECT_THAT(Runs("xargs -I{} mv {} x/{}"), ElementsAre("mv ? x/?"));
  EXPECT_THAT(Runs("xargs -i cp {} y"), ElementsAre("cp ? y"));
  EXPECT_THAT(Runs("xargs --replace=@ cp @ y"), ElementsAre("cp ? y"));
  EXPECT_THAT(Runs("xargs sh -c git_push_--force _"),
              ElementsAre("sh -c 'git push --force' ' ' ?", kPush));
  EXPECT_THAT(Runs("find src lib -type f -exec rm {} ; -ok mv y {} +"),
              ElementsAre("rm src?", "rm lib?", "mv y src?", "mv y lib?"));
  EXPECT_THAT(Runs("find -execdir rm -r {} +"), ElementsAre("rm -r ./?"));
}

TEST(Wrappers, ShellsReadTheirText) {
  for (const std::string_view line : {"sh -c git_push_--force",
                                      "bash -lc git_push_--force",
                                      "bash -ic git_push_--force x y",
                                      "bash -c -l git_push_--force",
                                      "bash +x -c git_push_--force",
                                      "bash -o pipefail -c git_push_--force",
                                      "bash -eo pipefail -c git_push_--force",
                                      "bash -O extglob -c git_push_--force",
                                      "bash --norc --rcfile x -c git_push_--force",
                                      "bash -c -- git_push_--force",
                                      "dash -ec git_push_--force",
                                      "zsh -fc git_push_--force",
                                      "ksh -c git_push_--force",
                                      "ash -c git_push_--force",
                                      "su -c git_push_--force root",
                                      "su root -c git_push_--force",
                                      "su -lc git_push_--force",
                                      "su - root --command=git_push_--force",
                                      "su -s /bin/csh -c git_push_--force",
                                      "script -qc git_push_--force x",
                                      "flock x -c git_push_--force",
                                      "watch -n1 git push --force",
                                      "watch git_push_--force",
                                      "runuser -c git_push_--force nobody"}) {
    EXPECT_THAT(Runs(line), ElementsAre(kPush)) << line;
  }
  EXPECT_THAT(Runs("bash script -c git_push"), IsEmpty()) << "a script and its arguments";
  EXPECT_THAT(Runs("bash -x script"), IsEmpty());
}

TEST(Wrappers, ShellTextIsLookedThrough) {
  for (const std::string_view text :
       {"eval_git_push_--force", "eval_'git_push'_\"--force\"", "exec_git_push_--force",
        "exec_-a_x_git_push_--force", "exec_-cl_git_push_--force", "command_git_push_--force",
        "command_-p_git_push_--force", "builtin_eval_git_push_--force",
        "trap_'git_push_--force'_EXIT", "bash_<<<_'git_push_--force'",
        "sh_<<E\ngit_push_--force\nE\n", "f()_{_git_push_--force;_};_f",
        "sh_-c_'sh_-c_\"git_push_--force\"'", "\\git_push_--force", "A=1_git_push_--force"}) {
    EXPECT_THAT(Runs("bash -c " + std::string(text)), Contains(kPush)) << text;
  }
  EXPECT_THAT(Runs("zsh -c =git_push_--force"), Contains(kPush));
  EXPECT_THAT(Runs("zsh -c noglob_git_push_--force"), Contains(kPush));
  EXPECT_THAT(Runs("bash -c command_-v_git"), ElementsAre("command -v git"));
  EXPECT_THAT(Runs("bash -c source_x"), ElementsAre("source x")) << "its commands come later";
  EXPECT_THAT(Runs("eval git push"), IsEmpty()) << "no shell reads it";
}

TEST(Wrappers, TextThatIsNotKnownMayBeAnything) {
  EXPECT_THAT(Runs("bash -c eval_$x"), ElementsAre("eval ?", "? ?"));
  EXPECT_THAT(Runs("bash -c sh_-c_\"$x\""), ElementsAre("sh -c ?", "? ?"));
  EXPECT_THAT(Runs("bash -c $x_push"), ElementsAre("? ? push"));
  EXPECT_THAT(Runs("bash -c \"$x\"_git_push"), ElementsAre("? git push", "git push"));
  EXPECT_THAT(Runs("bash -c nice_$x_push"), ElementsAre("nice ? push", "? ? ? push"));
  EXPECT_THAT(Runs("bash -c timeout_$x_git_push"),
              ElementsAre("timeout ? git push", "? ? ? git push"));
}

TEST(Wrappers, TextThatCannotBeReadIsSaidToBe) {
  EXPECT_THAT(Runs("bash -c git_push_'"), ElementsAre("unread: bash: line 1: a ' is not closed"));
  EXPECT_THAT(Runs("bash -c git_push\n)"), ElementsAre("git push", HasSubstr("unread")));
  EXPECT_THAT(Runs("fish -c git_push"), ElementsAre(HasSubstr("its syntax is not read")));
  EXPECT_THAT(Runs("zsh -ic true_#_;_git_push"), ElementsAre(HasSubstr("unread")));
}

// "sh" is bash on one machine and dash on the next: what either of them runs counts.
TEST(Wrappers, AShellThatIsNotKnownIsReadAsEither) {
  EXPECT_THAT(Runs("sh -c ((git_push))"), ElementsAre("git push"));
  EXPECT_THAT(Runs("bash -c ((git_push))"), IsEmpty());
  EXPECT_THAT(Runs("sh -c diff_<(git_push)_x"), Contains("git push"));
  Execution execution = Line("sh -c ((git_push))");
  execution.executable = "/usr/bin/bash";
  EXPECT_THAT(Runs(execution), IsEmpty());
}

TEST(Wrappers, GitsOwnOptionsAreTakenAway) {
  for (const std::string_view line :
       {"git -C /x push --force", "git -c a.b=c push --force", "git --git-dir=/x/.git push --force",
        "git --git-dir /x --work-tree /y -P push --force", "git-push --force",
        "git -c alias.p=push_--force -c a=b p", "git -c ALIAS.P='push'_--force p",
        "git --no-pager --literal-pathspecs push --force", "git submodule foreach git_push_--force",
        "git bisect run git push --force"}) {
    EXPECT_THAT(Runs(line), Contains(kPush)) << line;
  }
  EXPECT_THAT(Runs("git -c alias.x=!git_push x --force"), Contains(kPush));
  EXPECT_THAT(Runs("git -c alias.x=!f()_{_git_push_--force;_};_f x"), Contains(kPush));
  EXPECT_THAT(Runs("git --config-env=alias.x=E x"), ElementsAre("git x", "? ?"));
  EXPECT_THAT(Runs("git push --force"), IsEmpty());
}

TEST(Wrappers, ParallelReadsATemplateOrItsArguments) {
  EXPECT_THAT(Runs("parallel -j4 git push --force ::: a b"), Contains("git push --force ?"));
  EXPECT_THAT(Runs("parallel git push {} {.} ::: a"), Contains("git push ? ?"));
  EXPECT_THAT(Runs("parallel ::: git_push_--force ls"), ElementsAre(kPush, "ls"));
  EXPECT_THAT(Runs("parallel --surprise git push"), ElementsAre(HasSubstr("unread")));
}

TEST(Wrappers, OneProgramThatIsMany) {
  Execution applet = Line("rm -rf /");
  applet.executable = "/usr/bin/busybox";
  EXPECT_THAT(Runs(applet), ElementsAre("rm -rf /"));
  EXPECT_THAT(
      Runs("/lib64/ld-linux-x86-64.so.2 --library-path /x --argv0 y /usr/bin/git push --force"),
      ElementsAre("/usr/bin/git push --force"));
  EXPECT_THAT(Runs("ld-musl-x86_64.so.1 /usr/bin/git push"), ElementsAre("/usr/bin/git push"));
}

TEST(Wrappers, ScriptsAreTheirInterpretersLine) {
  Execution script = Line("./x a b");
  script.executable = "/work/x";
  script.interpreters = {{"/usr/bin/env", "-S git push --force"}};
  EXPECT_THAT(Runs(script), ElementsAre("/usr/bin/env '-S git push --force' /work/x a b",
                                        "git push --force /work/x a b"));
  script.interpreters = {{"/work/y", ""}, {"/bin/sh", "-e"}};
  EXPECT_THAT(Runs(script), ElementsAre("/work/y /work/x a b", "/bin/sh -e /work/y /work/x a b"));
}

TEST(Wrappers, SayWhereTheirCommandsStand) {
  const auto place = [](std::string_view line) { return Read(Line(line)).commands.back().place; };
  EXPECT_EQ(place("nice git push"), Place::kLater);
  EXPECT_EQ(place("git -C x push"), Place::kItself);
  EXPECT_EQ(place("nice git -C x push"), Place::kLater);
  EXPECT_EQ(place("ld.so /usr/bin/git push"), Place::kItself);
  EXPECT_EQ(place("sh -c kill_1"), Place::kItself) << "a builtin is never executed";
  EXPECT_EQ(place("sh -c git_push"), Place::kLater);
  EXPECT_EQ(place("busybox sh -c rm_x"), Place::kItself) << "it may run in busybox itself";
}

TEST(Wrappers, AreFollowedWithinLimits) {
  std::string line = "env";
  for (int i = 0; i < 1'000; ++i) line += " env";
  EXPECT_THAT(Runs(line), Contains(HasSubstr("inside of each other")));
  std::string many = "bash -c ";
  for (std::size_t i = 0; i <= limits::kCommands; ++i) many += "a;";
  EXPECT_THAT(Runs(many).back(), HasSubstr("more than"));
  Execution words = Line("xargs rm");
  words.argv.resize(limits::kWords + 1, "x");
  EXPECT_THAT(Runs(words).back(), HasSubstr("too many"));
  Execution twice = Line("env env env env env env env env env env env env env env");
  twice.argv.resize(100'000, "x");
  EXPECT_THAT(Runs(twice).back(), HasSubstr("too many"));
  Execution none = Line("git");
  none.argv.clear();
  EXPECT_THAT(Runs(none), IsEmpty());
}

}  // namespace
}  // namespace aileron::command
