#include "modes/launch_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/time.h"
#include "modes/parse.h"
#include "modes/verbs.h"
#include "os/fd.h"
#include "proxy/timeouts.h"
#include "sandbox/walls.h"

namespace aileron::modes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::expected<launch::Options, Failure> Read(std::vector<std::string> words) {
  auto parsed = Parse(LaunchVerb(), "aileron launch", words);
  if (!parsed) return std::unexpected(Failure(kExitUsage, parsed.error()));
  return LaunchOptions(*parsed);
}
std::string Mistake(std::vector<std::string> words) {
  const auto options = Read(std::move(words));
  EXPECT_FALSE(options);
  return options ? "" : options.error().error.message;
}

// A file that is gone when the test ends.
struct File {
  explicit File(std::string_view text) : path(fmt::format("/tmp/aileron-flags-{}", getpid())) {
    EXPECT_TRUE(os::ReplaceFile(path, text, 0600));
  }
  ~File() { unlink(path.c_str()); }
  std::string path;
};

TEST(LaunchFlags, PortsArePublishedAsDockerWritesThem) {
  const auto options = Read({"-p", "8080:80", "--publish=[::1]:0:3000", "--publish-services"});
  ASSERT_TRUE(options) << options.error().error.message;
  ASSERT_EQ(options->publishing.mappings.size(), 2u);
  EXPECT_EQ(options->publishing.mappings[0].outside.ToString(), "127.0.0.1:8080");
  EXPECT_EQ(options->publishing.mappings[1].port, 3000);
  EXPECT_TRUE(options->publishing.by_services);
  EXPECT_FALSE(Read({})->publishing.by_services);
  EXPECT_THAT(Mistake({"-p", "80:x"}), HasSubstr("--publish: \"80:x\" is not"));
}

TEST(LaunchFlags, ReadsAWholeCommandLine) {
  const auto options = Read({"--profile=locked",
                             "--allow=a.test",
                             "--allow",
                             "*.b.test:8443",
                             "--deny=c.test",
                             "--read-only",
                             "--memory=2g",
                             "--pids",
                             "100",
                             "--cpus=1.5",
                             "--mount=/srv:/data:ro",
                             "--env",
                             "A=1",
                             "--env=B",
                             "--workdir=/w",
                             "--workspace=/ws",
                             "--connect-to=a.test:443:127.0.0.1:8443",
                             "--tty=never",
                             "sh",
                             "-c",
                             "true"});
  ASSERT_TRUE(options) << options.error().error.message;
  EXPECT_EQ(options->profile, "locked");
  EXPECT_THAT(options->allow, ElementsAre("a.test", "*.b.test:8443"));
  EXPECT_THAT(options->deny, ElementsAre("c.test"));
  EXPECT_EQ(options->workspace_access, sandbox::Access::kReadOnly);
  EXPECT_EQ(options->resources.memory_bytes, 2ull << 30);
  EXPECT_EQ(options->resources.pids, 100u);
  EXPECT_EQ(options->resources.cpus, 1.5);
  ASSERT_EQ(options->mounts.size(), 1u);
  EXPECT_EQ(options->mounts[0].source, "/srv");
  EXPECT_EQ(options->mounts[0].target, "/data");
  EXPECT_EQ(options->mounts[0].access, sandbox::Access::kReadOnly);
  EXPECT_THAT(options->environment, ElementsAre("A=1", "B"));
  EXPECT_EQ(options->tty, launch::Tty::kNever);
  EXPECT_THAT(options->command, ElementsAre("sh", "-c", "true"));
}

TEST(LaunchFlags, HaveDefaults) {
  const auto options = Read({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->sandbox, "auto");
  EXPECT_EQ(options->profile, "");
  EXPECT_EQ(options->tty, launch::Tty::kAuto);
  EXPECT_FALSE(options->resources.any());
  EXPECT_TRUE(options->command.empty());
}

TEST(LaunchFlags, NameTheFlagThatIsWrong) {
  EXPECT_THAT(Mistake({"--memory=lots"}), HasSubstr("--memory"));
  EXPECT_THAT(Mistake({"--memory=0"}), HasSubstr("--memory"));
  EXPECT_THAT(Mistake({"--pids=-1"}), HasSubstr("--pids"));
  EXPECT_THAT(Mistake({"--pids=0"}), HasSubstr("--pids"));
  for (const char* cpus :
       {"--cpus=0", "--cpus=-1", "--cpus=nan", "--cpus=inf", "--cpus=1.5x", "--cpus=two"}) {
    EXPECT_THAT(Mistake({cpus}), HasSubstr("--cpus")) << cpus;
  }
  EXPECT_THAT(Mistake({"--mount=/only"}), HasSubstr("--mount"));
  EXPECT_THAT(Mistake({"--mount=/a:relative"}), HasSubstr("--mount"));
  EXPECT_THAT(Mistake({"--env==x"}), HasSubstr("--env"));
  EXPECT_THAT(Mistake({"--env-file=/no/such/file"}), HasSubstr("--env-file"));
  EXPECT_THAT(Mistake({"--upstream-ca=/no/such/file"}), HasSubstr("--upstream-ca"));
  EXPECT_THAT(Mistake({"--profile=loose"}), HasSubstr("--profile"));
}

TEST(LaunchFlags, PutTheCommandLineBehindFiles) {
  const File file("# a comment\n\nA=file\nB=two words\nC\n");
  const auto options = Read({"--env=A=flag", "--env-file", file.path});
  ASSERT_TRUE(options) << options.error().error.message;
  EXPECT_THAT(options->environment, ElementsAre("A=file", "B=two words", "C", "A=flag"));
}

TEST(LaunchFlags, RefuseAnAuthorityThatIsNone) {
  const File file("hello\n");
  EXPECT_THAT(Mistake({"--upstream-ca=" + file.path}), HasSubstr("no certificate"));
}

TEST(LaunchFlags, CheckConnectTo) {
  for (const char* good :
       {"a.test:443:127.0.0.1:8443", "a.test:443:127.0.0.1", "a.test:443:[::1]:8443",
        "a.test:443:[::1]", "[2001:db8::1]:443:127.0.0.1:1"}) {
    EXPECT_TRUE(CheckConnectTo(good)) << good;
  }
  for (const char* bad :
       {"", "a.test", "a.test:443", "a.test:443:", ":443:127.0.0.1", "a.test::127.0.0.1:1",
        "a.test:0:127.0.0.1", "a.test:443:127.0.0.1:", "a.test:443:127.0.0.1:x",
        "a.test:443:[::1]x", "a.test:99999:127.0.0.1", "[::1:443:127.0.0.1:1"}) {
    EXPECT_FALSE(CheckConnectTo(bad)) << bad;
  }
}

TEST(LaunchFlags, WallsAreNamedOnceOrInAList) {
  const auto options = Read({"--require=seccomp,cgroup", "--require", "landlock", "true"});
  ASSERT_TRUE(options) << options.error().error.message;
  EXPECT_THAT(options->require, ElementsAre("seccomp", "cgroup", "landlock"));
  EXPECT_EQ(options->nesting, sandbox::Nesting::kRefused);
  EXPECT_THAT(
      Mistake({"--require=no-such-wall", "true"}),
      testing::AllOf(HasSubstr("--require"), HasSubstr("no-such-wall"), HasSubstr("landlock")));
}

TEST(LaunchFlags, NestingAndLandlockExcludeEachOther) {
  const auto options = Read({"--allow-nested", "--require=seccomp", "true"});
  ASSERT_TRUE(options) << options.error().error.message;
  EXPECT_EQ(options->nesting, sandbox::Nesting::kAllowed);
  EXPECT_THAT(Mistake({"--require=landlock", "--allow-nested", "true"}),
              HasSubstr("--allow-nested"));
}

TEST(LaunchFlags, AProxysPasswordIsNeverAnArgument) {
  const std::string mistake = Mistake({"--upstream-proxy=http://me:s3cret@p.test:3128", "true"});
  EXPECT_THAT(mistake, testing::AllOf(HasSubstr("--upstream-proxy-credential"),
                                      testing::Not(HasSubstr("s3cret"))));
  EXPECT_THAT(Mistake({"--upstream-proxy=http://me@p.test", "true"}), HasSubstr("password"));
  const File file("http://me:s3cret@p.test:3128\n");
  const auto options = Read({"--upstream-proxy=@" + file.path, "--no-proxy=a.test", "true"});
  ASSERT_TRUE(options) << options.error().error.message;
  EXPECT_EQ(options->upstream_proxy, "http://me@p.test:3128");
  EXPECT_EQ(options->upstream_proxy_password.Reveal(), "s3cret");
  EXPECT_EQ(options->no_proxy, "a.test");
}

TEST(LaunchFlags, TheEnvironmentsProxyIsTakenOnlyWhenAsked) {
  setenv("https_proxy", "http://p.test:3128", 1);
  setenv("no_proxy", "a.test,odd/entry", 1);
  EXPECT_EQ(Read({"true"})->upstream_proxy, "");
  const auto options = Read({"--upstream-proxy=env", "true"});
  ASSERT_TRUE(options) << options.error().error.message;
  EXPECT_EQ(options->upstream_proxy, "http://p.test:3128");
  EXPECT_EQ(options->no_proxy, "a.test,odd/entry");
  EXPECT_EQ(Read({"--upstream-proxy=env", "--no-proxy=b.test", "true"})->no_proxy, "b.test");
  unsetenv("https_proxy");
  unsetenv("no_proxy");
}

TEST(LaunchFlags, RulesThatAskAreReadAndTheirMistakesAreNamed) {
  EXPECT_THAT(Read({"--ask=POST,PUT a.test/x/**", "--ask", "* b.test:8443", "true"})->ask,
              ElementsAre("POST,PUT a.test/x/**", "* b.test:8443"));
  EXPECT_THAT(Mistake({"--ask=a.test/x", "true"}), HasSubstr("--ask: "));
  EXPECT_THAT(Mistake({"--ask=post a.test", "true"}), HasSubstr("capitals"));
}

TEST(LaunchFlags, RulesAboutCommandsAreReadAndTheirMistakesAreNamed) {
  const auto options = Read({"--command-deny=git push --force", "--command-ask", "npm publish",
                             "--command-record=curl **", "--command-default=ask", "true"});
  EXPECT_THAT(options->commands.deny, ElementsAre("git push --force"));
  EXPECT_THAT(options->commands.ask, ElementsAre("npm publish"));
  EXPECT_THAT(options->commands.record, ElementsAre("curl **"));
  EXPECT_EQ(options->commands.otherwise, "ask");
  EXPECT_EQ(Read({"true"})->commands.otherwise, "allow");
  EXPECT_THAT(Mistake({"--command-deny=", "true"}), HasSubstr("--command-deny"));
}

TEST(LaunchFlags, OpaqueHostsAreRead) {
  EXPECT_THAT(Read({"--opaque=a.test", "--opaque", "db.test:5432", "true"})->opaque,
              ElementsAre("a.test", "db.test:5432"));
  EXPECT_THAT(Mistake({"--opaque=https://a.test/", "true"}), HasSubstr("--opaque"));
}

TEST(LaunchFlags, TheManualNamesEveryTimeoutWithItsDefault) {
  const std::string text(LaunchVerb().text);
  for (const proxy::NamedTimeout& timeout : proxy::AllTimeouts()) {
    const auto length = proxy::Timeouts().*timeout.member;
    const std::string value = length == proxy::Timeouts::kNone ? "none" : FormatDuration(length);
    EXPECT_THAT(text, HasSubstr(fmt::format("{} ({})", timeout.name, value)));
  }
  EXPECT_THAT(Mistake({"--timeout=total=1s", "true"}), HasSubstr("--timeout"));
  EXPECT_THAT(Read({"--timeout=connect=1s", "--timeout=idle=1m", "true"})->timeouts,
              ElementsAre("connect=1s", "idle=1m"));
}

TEST(LaunchFlags, TheManualNamesEveryWall) {
  for (const sandbox::Wall& wall : sandbox::Walls())
    EXPECT_THAT(std::string(LaunchVerb().text), HasSubstr(std::string(wall.name)));
}

TEST(LaunchFlags, AReportIsAboutWhatNobodyIsAsked) {
  for (const char* flag : {"--report=/r", "--report-fd=7", "--fail-on-denied"}) {
    EXPECT_THAT(Mistake({flag}), HasSubstr("needs --unattended"));
  }
  const auto options = Read({"--unattended", "--report-fd=7", "--fail-on-denied"});
  ASSERT_TRUE(options) << options.error().error.message;
  EXPECT_EQ(options->report_fd, 7);
  EXPECT_TRUE(options->fail_on_denied);
  for (const char* number : {"0", "2", "-1", "x", "3.5"}) {
    EXPECT_THAT(Mistake({"--unattended", fmt::format("--report-fd={}", number)}),
                HasSubstr("is not a descriptor"));
  }
  EXPECT_THAT(Mistake({"--unattended", "--report-fd=7", "--report=/r"}),
              HasSubstr("leave one out"));
}

TEST(LaunchFlags, AStatusLineIsARowOfATerminal) {
  EXPECT_TRUE(Read({"--status-line"})->status_line);
  EXPECT_FALSE(Read({})->status_line);
  EXPECT_THAT(Mistake({"--status-line", "--tty=never"}), HasSubstr("--tty=never"));
}

}  // namespace
}  // namespace aileron::modes
