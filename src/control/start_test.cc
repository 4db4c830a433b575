#include "control/start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "control/fake_daemon_test.h"

namespace aileron::control {
namespace {

using testing::HasSubstr;

// A folder for one test with a "daemon" in it: a shell script, told `daemon run --detach …`.
class StartTest : public testing::Test {
 protected:
  StartTest() : folder_(FreshFolder()) {
    paths_ = {.home = folder_,
              .config = folder_ + "/config",
              .state = folder_ + "/state",
              .runtime = folder_ + "/run"};
  }
  ~StartTest() override { std::filesystem::remove_all(folder_); }

  StartOptions Script(const std::string& body, Duration patience = std::chrono::seconds(5)) {
    const std::string path = folder_ + "/daemon.sh";
    EXPECT_TRUE(os::ReplaceFile(path, "#!/bin/sh\n" + body, 0700));
    return {.patience = patience, .program = path};
  }

  std::string folder_;
  os::Paths paths_;
};

TEST_F(StartTest, ConnectsToTheDaemonThatRuns) {
  FakeDaemon daemon([](const Heard&, int connection) {
    (void)os::WriteAll(connection, Answered(200, "application/json", R"({"version":"0"})"));
    return true;
  });
  auto client = EnsureDaemon(daemon.paths(), {.program = "/nonexistent"});
  ASSERT_TRUE(client) << client.error().message;
  const Status same = CheckVersion(*client);
  ASSERT_FALSE(same);
  EXPECT_THAT(same.error().message, HasSubstr("aileron daemon stop"));
}

TEST_F(StartTest, AcceptsADaemonOfTheSameVersion) {
  FakeDaemon daemon([](const Heard&, int connection) {
    (void)os::WriteAll(connection, Answered(200, "application/json",
                                            fmt::format(R"({{"version":"{}"}})", AILERON_VERSION)));
    return true;
  });
  auto client = Client::Connect(daemon.paths());
  ASSERT_TRUE(client);
  EXPECT_TRUE(CheckVersion(*client));
}

TEST_F(StartTest, TellsNobodyRunsFromAnError) {
  const auto running = ConnectIfRunning(paths_);
  ASSERT_TRUE(running);
  EXPECT_FALSE(running->has_value());
}

TEST_F(StartTest, StopsNothingWhenNoDaemonRuns) {
  const auto stopped = StopDaemon(paths_, RunningSessions::kLeave);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(*stopped, Stopped::kDidNotRun);
}

TEST_F(StartTest, SaysThatADaemonDoesNotStop) {
  FakeDaemon daemon([](const Heard&, int connection) {
    (void)os::WriteAll(connection, Answered(200, "application/json", "{}"));
    return true;
  });
  const auto stopped =
      StopDaemon(daemon.paths(), RunningSessions::kEnd, std::chrono::milliseconds(50));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::kUnavailable);
  EXPECT_THAT(daemon.heard().at(0).head, testing::StartsWith("POST /v1/daemon/stop "));
  EXPECT_EQ(daemon.heard().at(0).body, R"({"end_sessions":true})");
}

TEST_F(StartTest, DrainsNothingWhenNoDaemonRuns) {
  const auto drained = DrainDaemon(paths_, {});
  ASSERT_TRUE(drained);
  EXPECT_EQ(drained->stopped, Stopped::kDidNotRun);
}

TEST_F(StartTest, ADrainTellsWhatRunsStillAndEndsWithItsTime) {
  FakeDaemon daemon([](const Heard& heard, int connection) {
    const bool stop = heard.head.starts_with("POST ");
    (void)os::WriteAll(connection, Answered(stop ? 202 : 200, "application/json",
                                            stop ? R"({"operations":2})" : R"({"operations":3})"));
    return true;
  });
  std::vector<std::uint64_t> told;
  // The process that serves here is this one, and does not end.
  const auto drained =
      DrainDaemon(daemon.paths(), {.longest = std::chrono::milliseconds(20),
                                   .patience = std::chrono::milliseconds(20),
                                   .progress = [&](std::uint64_t left) { told.push_back(left); }});
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().code, Code::kUnavailable);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), 3u);
  const auto& heard = daemon.heard();
  EXPECT_EQ(heard.front().body, R"({"drain":true})");
  EXPECT_EQ(heard.back().body, "{}") << "the time is over, and it is to stop at once";
}

TEST_F(StartTest, SaysWhatTheDaemonSaidWhenItCannotStart) {
  const auto client =
      EnsureDaemon(paths_, Script("printf 'the database is corrupt' >&3; exit 1\n"));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Code::kUnavailable);
  EXPECT_THAT(client.error().message, HasSubstr("the database is corrupt"));
  EXPECT_THAT(client.error().message, HasSubstr(LogFile(paths_)));
}

TEST_F(StartTest, QuotesTheLastLineOfTheLogWhenTheDaemonDies) {
  ASSERT_TRUE(os::MakePrivateFolder(paths_.state));
  ASSERT_TRUE(os::ReplaceFile(LogFile(paths_), "an old line\n", 0600));
  const auto client =
      EnsureDaemon(paths_, Script("echo first >&2; echo 'disk full' >&2; exit 1\n"));
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error().message, HasSubstr("disk full"));

  const auto silent = EnsureDaemon(paths_, Script("exit 1\n"));
  ASSERT_FALSE(silent);
  EXPECT_THAT(silent.error().message, HasSubstr("ended without a word"));
}

TEST_F(StartTest, GivesUpOnADaemonThatIsNeverReady) {
  const auto client = EnsureDaemon(
      paths_, Script("sleep 3 </dev/null >/dev/null 2>&1 &\n", std::chrono::milliseconds(100)));
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error().message, HasSubstr("not ready in time"));
}

TEST_F(StartTest, SaysThatTheProgramCannotBeStarted) {
  const auto client = EnsureDaemon(paths_, {.program = folder_ + "/missing"});
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error().message, HasSubstr("cannot start the daemon"));
}

TEST_F(StartTest, KeepsTheFoldersPrivate) {
  (void)EnsureDaemon(paths_, Script("exit 1\n"));
  for (const std::string& path : {paths_.state, paths_.runtime}) {
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0) << path;
    EXPECT_EQ(info.st_mode & 0777, 0700u) << path;
  }
}

TEST(DaemonEnvironment, LeavesCredentialsBehind) {
  const char* const environment[] = {"HOME=/h",     "GITHUB_TOKEN=ghp_x", "LC_ALL=C",
                                     "PATHOLOGY=1", "XDG_STATE_HOME=/s",  "AWS_SECRET_ACCESS_KEY=y",
                                     nullptr};
  EXPECT_THAT(DaemonEnvironment(environment),
              testing::ElementsAre("HOME=/h", "LC_ALL=C", "XDG_STATE_HOME=/s"));
}

}  // namespace
}  // namespace aileron::control
