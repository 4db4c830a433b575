#include "daemon/sessions.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "daemon/sessions_world_test.h"
#include "session/token.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

TEST_F(SessionsTest, ASessionIsOpenedRunsAndEndsWithItsCode) {
  const auto machine = Boot();
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value()) << opened.error().detail;
  EXPECT_THAT(opened->ca_pem, HasSubstr("BEGIN CERTIFICATE"));
  const auto token = session::VerifyToken(machine->keys.token.public_key(), opened->token);
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(token->session_id, opened->id);
  bool port = false;
  for (const auto& listener : opened->listeners) port = port || listener.port == 8443;
  EXPECT_TRUE(port);
  EXPECT_EQ(machine->sessions.running(), 1u);
  EXPECT_EQ(machine->sessions.Get(opened->id)->state, session::State::kRunning);
  ASSERT_TRUE(os::SendMessage(launcher_.get(), R"({"type":"exit","code":3})").has_value());
  EXPECT_TRUE(TurnUntil([&] { return !machine->sessions.Known(opened->id); }));
  const auto over = machine->sessions.Get(opened->id);
  EXPECT_EQ(over->state, session::State::kEnded);
  EXPECT_EQ(over->exit_code, 3);
  EXPECT_TRUE(Has(*machine, "session.start"));
  EXPECT_TRUE(Has(*machine, "session.end"));
}

TEST_F(SessionsTest, ALauncherThatDiesLeavesAnOrphanAndNoWorker) {
  const auto machine = Boot();
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value());
  const os::Fd listener = GiveListener();
  const LiveSession& live = *machine->sessions.Find(opened->id);
  ASSERT_TRUE(TurnUntil([&] { return live.worker_pid().has_value(); }));
  const pid_t worker = *live.worker_pid();
  launcher_.Reset();
  EXPECT_TRUE(TurnUntil([&] { return !machine->sessions.Known(opened->id); }));
  EXPECT_EQ(machine->sessions.Get(opened->id)->state, session::State::kOrphaned);
  EXPECT_EQ(kill(worker, 0), -1);
  EXPECT_TRUE(Has(*machine, "session.orphan"));
}

TEST_F(SessionsTest, ANewDaemonTakesASessionUpAgain) {
  auto machine = Boot();
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value());
  // Running already: nobody takes it over.
  EXPECT_EQ(Open(*machine, opened->resume).error().code, "session_running");
  machine.reset();
  machine = Boot();
  EXPECT_TRUE(machine->sessions.waiting_for_launchers());
  EXPECT_EQ(machine->sessions.running(), 0u);
  const auto resumed = Open(*machine, opened->resume);
  ASSERT_TRUE(resumed.has_value()) << resumed.error().detail;
  EXPECT_EQ(resumed->id, opened->id);
  EXPECT_EQ(resumed->ca_pem, opened->ca_pem);
  EXPECT_EQ(resumed->token, opened->token);
  std::string forged = opened->resume;
  forged[forged.size() / 2] ^= 1;
  EXPECT_EQ(Open(*machine, forged).error().code, "bad_resume");
  ASSERT_TRUE(machine->sessions.Stop(opened->id, "test").has_value());
  EXPECT_TRUE(TurnUntil([&] { return !machine->sessions.Known(opened->id); }));
  EXPECT_EQ(Open(*machine, opened->resume).error().code, "session_over");
}

TEST_F(SessionsTest, AStoppedSessionTellsItsLauncher) {
  const auto machine = Boot();
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value());
  ASSERT_TRUE(machine->sessions.Stop(opened->id, "enough of it").has_value());
  EXPECT_THAT(os::ReceiveMessage(launcher_.get(), 4096)->bytes, HasSubstr("enough of it"));
  EXPECT_EQ(machine->sessions.Stop(opened->id, "again").error().code, Code::kInvalid);
  EXPECT_EQ(machine->sessions.Stop("01NOSUCH", "x").error().code, Code::kNotFound);
}

TEST_F(SessionsTest, AWorkerThatKeepsCrashingTakesOnlyTheNetworkDown) {
  const auto machine = Boot({"/bin/false"});
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value());
  const os::Fd listener = GiveListener();
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_TRUE(TurnUntil([&] { return machine->sessions.Find(opened->id)->network_down(); }));
  for (int i = 0; i < 5; ++i) loop_->Turn(std::chrono::milliseconds(1));
  EXPECT_EQ(machine->sessions.running(), 1u);
  EXPECT_TRUE(Has(*machine, "worker.crash"));
  EXPECT_TRUE(Has(*machine, "session.network_down"));
  os::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), -1);
}

TEST_F(SessionsTest, AFirstConnectionDoesNotWaitForTheWorkersTime) {
  const auto machine = Boot();
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value());
  const os::Fd listener = GiveListener();
  loop_->Turn(limits::kWorkerAnyway / 4);
  EXPECT_FALSE(machine->sessions.Find(opened->id)->worker_pid());
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const os::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  loop_->Turn(limits::kWorkerAnyway);
  EXPECT_TRUE(machine->sessions.Find(opened->id)->worker_pid());
}

TEST_F(SessionsTest, AWorkerThatSpeaksOutOfTurnIsEnded) {
  // A packet that no worker of ours sends.
  const auto machine = Boot({"/bin/sh", "-c", "printf '\\377nonsense' >&3; exec sleep 1000"});
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value());
  const os::Fd listener = GiveListener();
  EXPECT_TRUE(TurnUntil([&] { return Has(*machine, "permit.violation"); }));
  EXPECT_TRUE(TurnUntil([&] { return Has(*machine, "worker.crash"); }));
}

TEST_F(SessionsTest, ShutdownWaitsForTheWorkersAndKeepsTheSessions) {
  const auto machine = Boot();
  const auto opened = Open(*machine);
  ASSERT_TRUE(opened.has_value());
  const os::Fd listener = GiveListener();
  bool done = false;
  machine->sessions.Shutdown([&] { done = true; });
  EXPECT_TRUE(TurnUntil([&] { return done; }));
  EXPECT_EQ(machine->sessions.Get(opened->id)->state, session::State::kRunning);
}

TEST_F(SessionsTest, ABrokenAuditLogOpensNoSession) {
  const auto machine = Boot();
  ASSERT_TRUE(machine->audit.log().database().LimitPages(1).has_value());
  machine->audit.Event("test", "allow", std::string(2'000, 'x'));
  for (int i = 0; i < 200 && machine->audit.healthy(); ++i) {
    machine->audit.Event("test", "allow", std::string(2'000, 'x'));
    (void)machine->audit.Flush();
  }
  ASSERT_FALSE(machine->audit.healthy());
  EXPECT_EQ(Open(*machine).error().code, "audit_unavailable");
  ASSERT_TRUE(machine->audit.log().database().LimitPages(1'000'000).has_value());
  EXPECT_TRUE(TurnUntil([&] { return machine->audit.healthy(); }));
  EXPECT_TRUE(Open(*machine).has_value());
  EXPECT_TRUE(machine->audit.log().Verify()->ok());
}

TEST_F(SessionsTest, WrongPassphrasesCostTime) {
  const auto machine = Boot();
  std::optional<Refusal> refusal;
  bool told = false;
  const auto done = [&](std::optional<Refusal> answer) {
    refusal = std::move(answer);
    told = true;
  };
  const auto wait = [&] { return TurnUntil([&] { return std::exchange(told, false); }); };
  machine->vault.Unlock(Secret("a passphrase"), std::nullopt, done);
  ASSERT_TRUE(wait());
  EXPECT_EQ(refusal->code, "vault_absent");
  machine->vault.Init(Secret("a passphrase"), std::nullopt, done);
  ASSERT_TRUE(wait());
  ASSERT_FALSE(refusal) << refusal->detail;
  EXPECT_EQ(machine->vault.state(), vault::State::kUnlocked);
  ASSERT_TRUE(machine->vault.Set("token/example", Secret("v")).has_value());
  machine->vault.Lock("test");
  EXPECT_EQ(machine->vault.Open("token/example").error().code, Code::kUnavailable);
  for (int i = 0; i < limits::kFreeAttempts; ++i) {
    machine->vault.Unlock(Secret("a wrong one!"), std::nullopt, done);
    ASSERT_TRUE(wait());
    EXPECT_EQ(refusal->code, "wrong_passphrase");
  }
  machine->vault.Unlock(Secret("a passphrase"), std::nullopt, done);
  ASSERT_TRUE(wait());
  EXPECT_EQ(refusal->code, "too_many_attempts");
  EXPECT_TRUE(TurnUntil([&, began = loop_->now()] {
    return loop_->now() - began > std::chrono::milliseconds(1'100);
  }));
  machine->vault.Unlock(Secret("a passphrase"), std::chrono::milliseconds(50), done);
  ASSERT_TRUE(wait());
  ASSERT_FALSE(refusal) << refusal->detail;
  EXPECT_TRUE(TurnUntil([&] { return machine->vault.state() == vault::State::kLocked; }));
  EXPECT_TRUE(Has(*machine, "vault.failed"));
  EXPECT_TRUE(Has(*machine, "vault.lock"));
}

TEST_F(SessionsTest, AStreamShowsWhatWasAndWhatComes) {
  const auto machine = Boot();
  machine->audit.Event("first", "allow", "");
  ASSERT_TRUE(machine->audit.Flush().has_value());
  auto stream = MakeAuditStream(*loop_, machine->audit, std::nullopt, 0, nullptr);
  int woken = 0;
  stream->set_wake([&] { ++woken; });
  std::string text;
  EXPECT_EQ(stream->Pull(text), Source::Next::kWait);
  EXPECT_THAT(text, HasSubstr("event: record\nid: 1\n"));
  machine->audit.Event("second", "allow", "");
  EXPECT_TRUE(TurnUntil([&] { return woken > 0; }));
  text.clear();
  EXPECT_EQ(stream->Pull(text), Source::Next::kWait);
  EXPECT_THAT(text, HasSubstr("\"kind\":\"second\""));
  auto all = MakeAuditExport(machine->audit, {});
  text.clear();
  EXPECT_EQ(all->Pull(text), Source::Next::kEnd);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

}  // namespace
}  // namespace aileron::daemon
