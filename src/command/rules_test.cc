#include "command/rules.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "command/limits.h"

namespace aileron::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "deny git push --force"
CommandRule Rule(std::string_view text) {
  const std::size_t blank = text.find(' ');
  return {.layer = Layer::kUser,
          .action = ParseAction(text.substr(0, blank)).value(),
          .pattern = std::string(text.substr(blank + 1)),
          .id = std::string(text)};
}

CommandRules Rules(std::vector<std::string_view> texts, Action otherwise = Action::kAllow) {
  std::vector<CommandRule> rules;
  for (const std::string_view text : texts) rules.push_back(Rule(text));
  return std::move(CommandRules::Compile(std::move(rules), otherwise).value());
}

Execution Of(std::vector<std::string> argv) {
  Execution execution{.origin = Origin::kSystem, .argv = std::move(argv), .cwd = "/work"};
  execution.executable = "/usr/bin/" + execution.argv.front();
  execution.asked = execution.executable;
  return execution;
}

Action Decides(const CommandRules& rules, std::vector<std::string> argv) {
  return rules.Decide(Of(std::move(argv))).action;
}
Action InShell(const CommandRules& rules, std::string text) {
  return Decides(rules, {"bash", "-c", std::move(text)});
}

std::string Flaw(CommandRule rule, Action otherwise = Action::kAllow) {
  const auto rules = CommandRules::Compile({std::move(rule)}, otherwise);
  return rules ? "none" : rules.error().message;
}

TEST(CommandRules, TheStrongestSpeaksWhateverTheOrderAndLayer) {
  std::vector<CommandRule> rules;
  for (const std::string_view text :
       {"allow git push --force", "redirect git push", "ask git push", "deny git push --force"}) {
    rules.push_back(Rule(text));
  }
  rules[1].redirect = {"/bin/true"};
  rules[3].layer = Layer::kBuiltin;
  rules[0].layer = Layer::kFlag;
  std::ranges::sort(rules, {}, &CommandRule::pattern);
  do {
    const auto compiled = CommandRules::Compile(rules);
    EXPECT_EQ(Decides(*compiled, {"git", "push", "--force"}), Action::kDeny);
    EXPECT_EQ(Decides(*compiled, {"git", "push"}), Action::kAsk);
  } while (std::ranges::next_permutation(rules, {}, &CommandRule::pattern).found);
}

TEST(CommandRules, TheDefaultHoldsWhereNoRuleSpeaks) {
  for (const Action otherwise : {Action::kAllow, Action::kAsk, Action::kDeny}) {
    const CommandRules rules = Rules({"allow git status", "deny git push"}, otherwise);
    EXPECT_EQ(Decides(rules, {"git", "status"}), Action::kAllow);
    EXPECT_EQ(Decides(rules, {"git", "push"}), Action::kDeny);
    EXPECT_EQ(Decides(rules, {"ls"}), otherwise);
  }
  EXPECT_EQ(Decides(Rules({}), {"sh", "-c", "'"}), Action::kAllow) << "there is nothing to protect";
  EXPECT_EQ(Decides(Rules({}, Action::kDeny), {"ls"}), Action::kDeny);
}

TEST(CommandRules, AVerdictSaysWhyAndWhatToDo) {
  CommandRule rule = Rule("deny git push --force");
  rule.reason = "it rewrites what others have";
  rule.source = "aileron.yaml:7:5";
  const auto rules = CommandRules::Compile({rule});
  const Execution execution = Of({"bash", "-c", "cd x && git push -f"});
  const CommandVerdict verdict = rules->Decide(execution);
  EXPECT_EQ(verdict.code, kCodeDenied);
  EXPECT_EQ(verdict.reason,
            "\"git push -f\" is denied by the rule \"deny git push --force\" of the layer user "
            "(aileron.yaml:7:5): it rewrites what others have");
  EXPECT_THAT(verdict.hint, HasSubstr("tell the person"));
  EXPECT_EQ(verdict.command, "git push -f");
  EXPECT_EQ(verdict.place, Place::kLater);
  EXPECT_EQ(verdict.rule, &rules->rules()[0]);
  EXPECT_EQ(rules->Decide(Of({"git", "push", "-f"})).place, Place::kItself);
  EXPECT_EQ(rules->Decide(Of({"ls"})).reason, "");
}

TEST(CommandRules, ARuleHoldsInEverySpelling) {
  const CommandRules rules = Rules({"deny git push --force"});
  for (const std::string_view text : {"git push --force",
                                      "git push -f",
                                      "eval 'git push --force'",
                                      "env -i git push --force",
                                      "bash -ic 'git push --force'",
                                      "exec -a ls git push --force",
                                      "nice timeout 5 git push -f",
                                      "git -c a.b=c -C /x push --force",
                                      "git -c alias.p='push -f' p",
                                      "git -c alias.p='!git push -f' p",
                                      "f() { git push --force; }; f",
                                      "true && (git push -f)",
                                      "x=$(git push -f)",
                                      "echo `git push -f`",
                                      "busybox env git push -f",
                                      "sudo -u root git push -f",
                                      "find . -exec git push -f \\;",
                                      "xargs git push -f",
                                      "/usr/lib/git-core/git-push -f",
                                      "bash <<< 'git push -f'",
                                      "g\\it pu''sh --for\"ce\"",
                                      "$'git' push $'\\x2df'",
                                      "trap 'git push -f' EXIT"}) {
    EXPECT_EQ(InShell(rules, std::string(text)), Action::kDeny) << text;
  }
  for (const std::string_view text :
       {"git push", "git push --force-with-lease", "echo git push --force",
        "git commit -m 'push -f'", "cat <<E\ngit push --force\nE", "# git push -f",
        "ssh host git push -f"}) {
    EXPECT_EQ(InShell(rules, std::string(text)), Action::kAllow) << text;
  }
}

TEST(CommandRules, WhatIsNotKnownOrNotReadIsAsked) {
  const CommandRules rules = Rules({"deny git push --force"});
  for (const std::string_view text :
       {"git push $x", "$x", "\"$x\" git push -f", "eval \"$x\"", "git $x", "g?t push -f",
        "xargs git push", "git push '", "nice $x", "echo \"${x:-'}\"; git push -f; \"'}\""}) {
    EXPECT_EQ(InShell(rules, std::string(text)), Action::kAsk) << text;
  }
  const CommandVerdict could = rules.Decide(Of({"bash", "-c", "git push $x"}));
  EXPECT_EQ(could.certainty, Certainty::kCouldBe);
  EXPECT_EQ(could.code, kCodeAsks);
  EXPECT_EQ(could.command, "git push ?");
  EXPECT_THAT(could.reason, HasSubstr("not known before it runs"));
  const CommandVerdict unread = rules.Decide(Of({"bash", "-c", "'"}));
  EXPECT_EQ(unread.certainty, Certainty::kUnread);
  EXPECT_EQ(unread.code, kCodeUnread);
  EXPECT_EQ(unread.rule, nullptr);
  EXPECT_THAT(unread.reason, HasSubstr("a ' is not closed"));
  // What a shell runs before it finds the flaw is denied all the same.
  EXPECT_EQ(InShell(rules, "git push -f\n'"), Action::kDeny);
  for (const std::string_view text :
       {"git add $x", "cd \"$x\" && ls $y", "for f in *; do cat \"$f\"; done", "make $x",
        "source x && eval 'git status' && pwd -P"}) {
    EXPECT_EQ(InShell(rules, std::string(text)), Action::kAllow) << text;
  }
}

TEST(CommandRules, ADoubtOrAStrangersQuestionLiftsNoDefaultThatDenies) {
  const CommandRules rules =
      Rules({"deny git push --force", "ask ls", "allow git add x", "allow bash **"}, Action::kDeny);
  EXPECT_EQ(Decides(rules, {"git", "push"}), Action::kDeny);
  EXPECT_EQ(Decides(rules, {"dash", "-c", "git push $x"}), Action::kDeny);
  EXPECT_EQ(Decides(rules, {"dash", "-c", "'"}), Action::kDeny);
  EXPECT_EQ(InShell(rules, "'"), Action::kAsk) << "any bash is allowed, but this is not read";
  EXPECT_EQ(Decides(rules, {"ls"}), Action::kAsk) << "whoever wrote this wants to be asked";
  CommandRule any = Rule("ask *");
  any.narrows = true;
  const auto narrowed =
      CommandRules::Compile({any, Rule("allow git status"), Rule("ask ls")}, Action::kDeny);
  EXPECT_EQ(Decides(*narrowed, {"git", "status"}), Action::kAsk);
  EXPECT_EQ(Decides(*narrowed, {"rm", "x"}), Action::kDeny);
  EXPECT_EQ(Decides(*narrowed, {"ls"}), Action::kAsk) << "the other rule asks, too";
  EXPECT_EQ(Decides(*CommandRules::Compile({any}), {"rm", "x"}), Action::kAsk);
}

// Who sees every execution judges what is started when it comes; what it never sees, now.
TEST(CommandRules, AScopeOfItselfLeavesTheOthersToTheirOwn) {
  const CommandRules rules =
      Rules({"deny git push", "ask bash re:danger", "ask kill", "record ls"});
  const auto itself = [&](std::vector<std::string> argv) {
    return rules.Decide(Of(std::move(argv)), Scope::kItself).action;
  };
  EXPECT_EQ(itself({"bash", "-c", "git push; ls"}), Action::kAllow);
  EXPECT_EQ(itself({"bash", "-c", "git push $x; $y '"}), Action::kAllow);
  EXPECT_EQ(itself({"bash", "-c", "git push # danger"}), Action::kAsk)
      << "the stronger rule about what is started hides none about the shell";
  EXPECT_EQ(itself({"bash", "-c", "kill 1"}), Action::kAsk) << "a builtin is never executed";
  EXPECT_EQ(itself({"git", "push"}), Action::kDeny);
  EXPECT_EQ(itself({"git", "-C", "x", "push"}), Action::kDeny);
  EXPECT_EQ(itself({"ld.so", "/usr/bin/git", "push"}), Action::kDeny);
  EXPECT_EQ(itself({"busybox", "sh", "-c", "git push"}), Action::kDeny);
  EXPECT_EQ(itself({"git", "--odd", "push"}), Action::kDeny);
  EXPECT_EQ(itself({"git", "--odd", "status"}), Action::kAsk);
  EXPECT_EQ(itself({"git", "-c", "alias.x='", "x"}), Action::kAsk);
  EXPECT_EQ(itself({"ld.so", "--odd", "/usr/bin/git", "push"}), Action::kAsk);
  EXPECT_EQ(itself({"busybox", "sh", "-c", "'"}), Action::kAsk);
  EXPECT_EQ(itself({"env", "--odd", "git", "push"}), Action::kAllow);
  EXPECT_EQ(itself({"ls"}), Action::kRecord);
  const CommandRules closed = Rules({"allow ls"}, Action::kDeny);
  EXPECT_EQ(closed.Decide(Of({"bash", "-c", "ls; id"}), Scope::kItself).action, Action::kDeny);
  EXPECT_EQ(closed.Decide(Of({"bash", "-c", "ls"}), Scope::kItself).action, Action::kAllow);
}

TEST(CommandRules, ARuleThatAllowsTakesNoMoreThanItSays) {
  const CommandRules rules =
      Rules({"allow git status", "allow ls **", "allow /work/run x", "allow bash"}, Action::kDeny);
  EXPECT_EQ(Decides(rules, {"git", "status"}), Action::kAllow);
  EXPECT_EQ(Decides(rules, {"ls", "-la", "/"}), Action::kAllow);
  EXPECT_EQ(Decides(rules, {"git", "status", "x"}), Action::kDeny);
  EXPECT_EQ(Decides(rules, {"git", "-c", "core.fsmonitor=x", "status"}), Action::kDeny);
  EXPECT_EQ(Decides(rules, {"bash", "x"}), Action::kDeny);
}

TEST(CommandRules, ANameIsAllowedOnlyForWhatTheSystemHas) {
  const CommandRules rules =
      Rules({"allow git status", "allow /work/run", "deny rm"}, Action::kDeny);
  Execution own = Of({"git", "status"});
  own.executable = "/work/git";
  own.origin = Origin::kSandbox;
  EXPECT_EQ(rules.Decide(own).action, Action::kDeny);
  // A link of the sandbox's to another program has no say either.
  Execution link = Of({"git", "status"});
  link.executable = "/usr/bin/curl";
  EXPECT_EQ(rules.Decide(link).action, Action::kDeny);
  link.links = {"/usr/bin/git"};
  EXPECT_EQ(rules.Decide(link).action, Action::kAllow) << "a link of the system's";
  Execution path = Of({"run"});
  path.executable = "/work/run";
  path.origin = Origin::kSandbox;
  EXPECT_EQ(rules.Decide(path).action, Action::kAllow) << "a path was named";
  // argv is the caller's word.
  Execution named = Of({"git", "status"});
  named.executable = named.asked = "/usr/bin/curl";
  EXPECT_EQ(rules.Decide(named).action, Action::kDeny);
}

TEST(CommandRules, AProgramIsRefusedUnderAllOfItsNames) {
  const CommandRules rules = Rules({"deny rm", "deny /usr/bin/vi"});
  Execution execution = Of({"harmless"});
  execution.executable = "/tmp/x";
  execution.asked = "/tmp/rm";
  EXPECT_EQ(rules.Decide(execution).action, Action::kDeny);
  execution.asked = "/tmp/x";
  EXPECT_EQ(rules.Decide(execution).action, Action::kAllow);
  execution.links = {"/bin/rm"};
  EXPECT_EQ(rules.Decide(execution).action, Action::kDeny);
  execution.links = {"/usr/bin/vi"};
  EXPECT_EQ(rules.Decide(execution).action, Action::kDeny);
  Execution applet = Of({"rm", "x"});
  applet.executable = applet.asked = "/bin/busybox";
  EXPECT_EQ(rules.Decide(applet).action, Action::kDeny);
}

TEST(CommandRules, AWrapperIsAllowedWhereAllThatItRunsIs) {
  const CommandRules rules =
      Rules({"allow git status", "allow ls **", "allow cargo build"}, Action::kDeny);
  for (const std::string_view text :
       {"git status", "cd x && git status | ls", "if true; then ls; else git status; fi",
        "nice ls $x", "echo hello", "env ls", "exec ls", "eval 'git status'", "command cd x"}) {
    EXPECT_EQ(InShell(rules, std::string(text)), Action::kAllow) << text;
  }
  for (const std::string_view text :
       {"git status; curl x", "git status $x", "$x", "env A=1 ls", "A=1 ls", "/tmp/ls", "sudo ls",
        "eval $x", "git status '", "x=$(curl x) ls", "timeout --odd ls", "git -C x status", "",
        "bash x", "find . -exec ls \\; -delete", "env", "bash"}) {
    EXPECT_EQ(InShell(rules, std::string(text)), Action::kDeny) << text;
  }
  EXPECT_EQ(Decides(rules, {"timeout", "5", "cargo", "build"}), Action::kAllow);
  const CommandVerdict verdict = rules.Decide(Of({"bash", "-c", "ls"}));
  ASSERT_NE(verdict.rule, nullptr);
  EXPECT_EQ(verdict.rule->pattern, "ls **");
}

TEST(CommandRules, RecordDecidesNothing) {
  const CommandRules rules = Rules({"record git", "deny git push", "ask git pull"});
  const CommandVerdict status = rules.Decide(Of({"git", "status"}));
  EXPECT_EQ(status.action, Action::kRecord);
  ASSERT_NE(status.recorded, nullptr);
  EXPECT_EQ(status.recorded->pattern, "git");
  EXPECT_EQ(status.code, "");
  const CommandVerdict push = rules.Decide(Of({"git", "push"}));
  EXPECT_EQ(push.action, Action::kDeny);
  EXPECT_NE(push.recorded, nullptr);
  EXPECT_EQ(InShell(rules, "git status"), Action::kRecord);
  EXPECT_EQ(Decides(rules, {"ls"}), Action::kAllow);
  EXPECT_EQ(Decides(Rules({"record git"}, Action::kAsk), {"git"}), Action::kAsk);
}

TEST(CommandRules, RedirectNamesWhatRunsInstead) {
  CommandRule rule = Rule("redirect npm install");
  rule.redirect = {"pnpm", "**"};
  rule.reason = "this project has a pnpm lock file";
  const auto rules = CommandRules::Compile({rule});
  const CommandVerdict verdict = rules->Decide(Of({"npm", "install", "-D", "x"}));
  EXPECT_EQ(verdict.action, Action::kRedirect);
  EXPECT_EQ(verdict.code, kCodeRedirected);
  EXPECT_THAT(verdict.redirect, ElementsAre("pnpm", "install", "-D", "x"));
  EXPECT_THAT(verdict.reason, HasSubstr("this project has a pnpm lock file"));
  // What a wrapper runs is redirected when it is executed itself.
  EXPECT_EQ(Decides(*rules, {"env", "npm", "install"}), Action::kAllow);
  EXPECT_EQ(InShell(*rules, "npm install; ls"), Action::kAllow);
  EXPECT_THAT(verdict.reason, HasSubstr("\"pnpm install -D x\" runs instead"));
}

TEST(CommandRules, ABuiltinOfAShellIsNotRedirected) {
  CommandRule rule = Rule("redirect true");
  rule.redirect = {"false"};
  EXPECT_EQ(InShell(*CommandRules::Compile({rule}), "true a b"), Action::kAllow);
}

TEST(CommandRules, ByHoldsForAProgramAndWhatItStarts) {
  CommandRule deny = Rule("deny curl");
  deny.by = "make";
  CommandRule allow = Rule("allow ssh **");
  allow.by = "git push";
  const auto rules = CommandRules::Compile({deny, allow}, Action::kAsk);
  Execution curl = Of({"curl", "x"});
  EXPECT_EQ(rules->Decide(curl).action, Action::kAsk);
  curl.parents = {{.path = "/bin/sh"}, {.path = "/usr/bin/make", .argv = {"make", "all"}}};
  EXPECT_EQ(rules->Decide(curl).action, Action::kDeny);
  EXPECT_EQ(Decides(*rules, {"make", "all"}), Action::kAsk);
  Execution ssh = Of({"ssh", "host"});
  ssh.parents = {{.path = "/usr/bin/git", .origin = Origin::kSystem, .argv = {"git", "pull"}}};
  EXPECT_EQ(rules->Decide(ssh).action, Action::kAsk);
  ssh.parents[0].argv = {"git", "push", "origin"};
  EXPECT_EQ(rules->Decide(ssh).action, Action::kAllow);
  ssh.parents[0].origin = Origin::kSandbox;
  EXPECT_EQ(rules->Decide(ssh).action, Action::kAsk) << "anybody's program may be called git";
  // What a wrapper runs is run by the wrapper.
  CommandRule env = Rule("deny ls");
  env.by = "env";
  EXPECT_EQ(Decides(*CommandRules::Compile({env}), {"env", "ls"}), Action::kDeny);
}

TEST(CommandRules, SaysWhichRuleIsWrong) {
  CommandRule rule = Rule("deny ./x");
  rule.source = "policy.yaml:3:1";
  EXPECT_THAT(Flaw(rule), HasSubstr("policy.yaml:3:1: the rule \"deny ./x\": \"./x\" is neither"));
  EXPECT_THAT(Flaw(Rule("allow git ** push")), HasSubstr("\"**\" stands last"));
  EXPECT_EQ(Flaw(Rule("deny git ** push")), "none");
  EXPECT_THAT(Flaw(Rule("redirect git")), HasSubstr("names the command that runs instead"));
  CommandRule redirect = Rule("redirect git");
  redirect.redirect = {"a", "**", "b"};
  EXPECT_THAT(Flaw(redirect), HasSubstr("stands last"));
  redirect.redirect = {"**"};
  EXPECT_THAT(Flaw(redirect), HasSubstr("names the command"));
  redirect.redirect.assign(limits::kRedirectWords + 1, "x");
  EXPECT_THAT(Flaw(redirect), HasSubstr("more than 64 words"));
  redirect.redirect = {std::string(limits::kRuleTextMax + 1, 'x')};
  EXPECT_THAT(Flaw(redirect), HasSubstr("over 1024 bytes"));
  CommandRule deny = Rule("deny git");
  deny.redirect = {"x"};
  EXPECT_THAT(Flaw(deny), HasSubstr("its action is deny"));
  CommandRule by = Rule("deny git");
  by.by = "./x";
  EXPECT_THAT(Flaw(by), HasSubstr("its \"by\""));
  EXPECT_THAT(Flaw(Rule("deny git"), Action::kRecord), HasSubstr("where no rule speaks"));
  EXPECT_THAT(CommandRules::Compile(std::vector<CommandRule>(limits::kRules + 1)).error().message,
              HasSubstr("too many"));
}

TEST(CommandRules, NamesOfActionsAreReadBack) {
  for (const Action action :
       {Action::kAllow, Action::kRecord, Action::kRedirect, Action::kAsk, Action::kDeny}) {
    EXPECT_EQ(ParseAction(Name(action)), action);
  }
  EXPECT_EQ(ParseAction("perhaps"), std::nullopt);
  EXPECT_EQ(Name(Layer::kProject), "project");
}

TEST(CommandRules, WhatIsShownOfAnArgvIsSafeAndShort) {
  const CommandRules rules = Rules({"deny x"});
  const CommandVerdict verdict =
      rules.Decide(Of({"x", "\033[2J", "\xff", std::string(1 << 20, 'a')}));
  EXPECT_EQ(verdict.action, Action::kDeny);
  EXPECT_LT(verdict.reason.size(), 2 * limits::kShownMax);
  EXPECT_EQ(verdict.reason.find('\033'), std::string::npos);
  EXPECT_TRUE(IsUtf8(verdict.reason));
}

TEST(CommandRules, AProgramOfTheirsIsRefusedByTheNameItIsCalledBy) {
  const CommandRules rules = Rules({"deny rm -rf /", "allow ls"}, Action::kAsk);
  Execution copy = Of({"rm", "-rf", "/"});
  copy.executable = copy.asked = "/work/harmless";
  copy.origin = Origin::kSandbox;
  EXPECT_EQ(rules.Decide(copy).action, Action::kDeny);
  copy.argv = {"ls"};
  EXPECT_EQ(rules.Decide(copy).action, Action::kAsk) << "a name that is its own allows nothing";
}

TEST(CommandRules, ManyProgramsThatAreNotKnownAreNotAllCompared) {
  std::vector<CommandRule> all;
  for (int i = 0; i < 10'000; ++i) all.push_back(Rule(fmt::format("deny tool{} sub --x", i)));
  const auto rules = CommandRules::Compile(std::move(all));
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "\"$x\" a;";
  EXPECT_EQ(InShell(*rules, text), Action::kAsk);
}

// A hostile argv costs a bounded time, whatever it is.
TEST(CommandRules, HugeArgvAreJudged) {
  const CommandRules rules = Rules({"deny rm -rf /", "ask * re:secret"});
  std::vector<std::string> argv(100'000, "file");
  argv.front() = "rm";
  argv.push_back("-rf");
  argv.push_back("/");
  EXPECT_EQ(Decides(rules, argv), Action::kDeny);
  argv.resize(limits::kWords + 1, "x");
  EXPECT_NE(Decides(rules, argv), Action::kAllow);
}

}  // namespace
}  // namespace aileron::command
