#include "daemon/credentials.h"

#include <gmock/gmock.h>
#include <signal.h>

#include "base/text.h"
#include "daemon/limits.h"
#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CredentialsTest : public FolderTest {
 protected:
  CredentialsTest()
      : background_(*loop_),
        audit_(*loop_, audit::AuditLog::Open(folder()).value()),
        vault_(*loop_, background_, audit_,
               vault::Vault::Open(folder() + "/vault.db", crypto::kCheapestKdf).value()),
        credentials_(*loop_, vault_, audit_,
                     {.home = folder(), .environment = {"PATH=/usr/bin:/bin", "GREETING=hello"}}) {
    AILERON_CHECK(background_.Start().has_value());
    AILERON_CHECK(credentials_.Start().has_value());
    vault_.set_on_change([this] { credentials_.Forget(); });
  }

  static vault::Binding Bind(vault::Settings from, std::string credential = "token/example") {
    return vault::MakeBinding({.name = "one",
                               .host = "a.example",
                               .scheme = "bearer",
                               .credential = std::move(credential),
                               .from = std::move(from)},
                              vault::Source::kUser)
        .value();
  }
  // A command that prints `text` and counts how often it ran.
  vault::Binding Counted(std::string text, std::string cache, std::string more = "") {
    return Bind(
        {{"shell", fmt::format("echo x >> count; {}; echo {}", more.empty() ? ":" : more, text)},
         {"cache", std::move(cache)}});
  }
  std::size_t Runs() {
    const auto text = os::ReadFile(folder() + "/count");
    return text ? text->size() / 2 : 0;
  }

  struct Told {
    bool opened = false;
    std::string secret, code, message, hint;
    std::chrono::milliseconds keep{};
  };
  void Begin(const vault::Binding& binding, std::vector<Told>& told) {
    credentials_.Open(binding, [&told](const OpenedCredential& opened) {
      Told one{.opened = opened.has_value()};
      if (opened) {
        one.secret = std::string(opened->secret.Reveal());
        one.keep = opened->keep;
      } else {
        one.code = opened.error().code;
        one.message = opened.error().message;
        one.hint = opened.error().hint;
      }
      told.push_back(std::move(one));
    });
  }
  Told Open(const vault::Binding& binding) {
    std::vector<Told> told;
    Begin(binding, told);
    EXPECT_TRUE(TurnUntil([&] { return !told.empty(); }));
    return told.at(0);
  }
  Told Run(std::string line) { return Open(Bind({{"shell", std::move(line)}, {"cache", "0s"}})); }
  void Pass(std::chrono::milliseconds time) {
    const auto begin = std::chrono::steady_clock::now();
    (void)TurnUntil([&] { return std::chrono::steady_clock::now() - begin > time; });
  }
  std::string Write(std::string_view text, unsigned mode) {
    const std::string path = folder() + "/key";
    AILERON_CHECK(os::ReplaceFile(path, text, mode).has_value());
    return path;
  }
  std::string Records() {
    (void)audit_.Flush();
    std::string all;
    for (const auto& record : audit_.log().Find({}).value()) all += record.body + "\n";
    return all;
  }

  Background background_;
  AuditService audit_;
  VaultService vault_;
  Credentials credentials_;
};

TEST_F(CredentialsTest, ACommandsFirstLineIsTheCredential) {
  const Told told = Run("printf 's3cret value\\r\\nlogin: me\\n'");
  EXPECT_TRUE(told.opened) << told.message;
  EXPECT_EQ(told.secret, "s3cret value");
  // Without a shell a quoted word is one argument, as it stands.
  EXPECT_EQ(Open(Bind({{"exec", "printf '%s;' 'a  $b' c"}})).secret, "a  $b;c;");
  EXPECT_EQ(Open(Bind({{"exec", "printf 'one\\ntwo\\n'"}, {"take", "whole"}})).secret, "one\ntwo");
}

TEST_F(CredentialsTest, ACommandRunsAtHomeWithItsOwnEnvironmentAndNoInput) {
  EXPECT_EQ(Run("pwd").secret, folder());
  EXPECT_EQ(Run("echo $GREETING-$PATH-$AILERON_TOKEN").secret, "hello-/usr/bin:/bin-");
  EXPECT_EQ(Run("cat; echo end").secret, "end");
  EXPECT_EQ(Run("ls /proc/self/fd | tr '\\n' ' '").secret.substr(0, 6), "0 1 2 ");
}

TEST_F(CredentialsTest, AFailingCommandIsToldWithoutWhatItPrinted) {
  const Told told =
      Run("echo s3cret; echo 'cannot unlock: s3cret is wrong' >&2; echo more >&2; exit 3");
  EXPECT_EQ(told.code, "source_failed");
  EXPECT_THAT(told.message, HasSubstr("exit code 3"));
  EXPECT_EQ(told.hint, "it said: cannot unlock: *** is wrong");
  EXPECT_THAT(Run("kill -TERM $$").message, HasSubstr("signal 15"));
  EXPECT_EQ(Run(":").code, "source_empty");
  EXPECT_EQ(Open(Bind({{"exec", "no-such-program-here"}})).code, "source_failed");
  EXPECT_EQ(Open(Bind({{"exec", "/no/such/program"}})).code, "source_failed");
  EXPECT_THAT(Records(), Not(HasSubstr("s3cret")));
  EXPECT_THAT(Records(), HasSubstr("token/example"));
}

TEST_F(CredentialsTest, ACommandThatPrintsTooMuchOrTakesTooLongIsEnded) {
  EXPECT_EQ(Run("yes s3cret").code, "credential_too_large");
  const Told late = Open(Bind({{"shell", "sleep 1000 & echo $! > pid; wait"}, {"timeout", "1s"}}));
  EXPECT_EQ(late.code, "source_timeout");
  // With everything that it started.
  const auto pid = ParseInteger<pid_t>(Trim(os::ReadFile(folder() + "/pid").value()));
  EXPECT_TRUE(TurnUntil([&] { return kill(*pid, 0) != 0; }));
  // A command that says much on standard error goes on.
  EXPECT_EQ(Run("head -c 100000 /dev/zero | tr '\\0' x >&2; echo fine").secret, "fine");
}

TEST_F(CredentialsTest, ACredentialIsKeptNoLongerThanItsSourceAllows) {
  const auto never = Counted("never", "0s");
  EXPECT_EQ(Open(never).keep.count(), 0);
  (void)Open(never);
  EXPECT_EQ(Runs(), 2u);
  const auto kept = Counted("kept", "1s");
  const Told first = Open(kept);
  EXPECT_GT(first.keep.count(), 500);
  EXPECT_LE(first.keep.count(), 1000);
  EXPECT_EQ(Open(kept).secret, "kept");
  EXPECT_EQ(Runs(), 3u);
  Pass(std::chrono::milliseconds(1'100));
  EXPECT_EQ(Open(kept).secret, "kept");
  EXPECT_EQ(Runs(), 4u);
  credentials_.Forget();
  (void)Open(kept);
  EXPECT_EQ(Runs(), 5u);
}

TEST_F(CredentialsTest, HoweverManyWaitItIsOpenedOnce) {
  const auto slow = Counted("slow", "0s", "sleep 0.2");
  std::vector<Told> told;
  for (int i = 0; i < 20; ++i) Begin(slow, told);
  EXPECT_TRUE(TurnUntil([&] { return told.size() == 20; }));
  for (const Told& each : told) EXPECT_EQ(each.secret, "slow");
  EXPECT_EQ(Runs(), 1u);
}

TEST_F(CredentialsTest, WhatIsForgottenWhileItIsOpenedIsOpenedAnew) {
  const auto slow = Counted("slow", "1h", "sleep 0.2");
  std::vector<Told> told;
  Begin(slow, told);
  Pass(std::chrono::milliseconds(50));
  credentials_.Forget();
  EXPECT_TRUE(TurnUntil([&] { return told.size() == 1; }));
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(CredentialsTest, AFailureIsNotTriedAgainAtOnce) {
  const auto failing = Bind({{"shell", "echo x >> count; exit 1"}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Open(failing).code, "source_failed");
  EXPECT_EQ(Runs(), 1u);
  credentials_.Forget();
  (void)Open(failing);
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(CredentialsTest, AFileIsReadWhenItIsPrivate) {
  const auto file = Bind({{"file", Write("s3cret\nsecond\n", 0600)}, {"cache", "0s"}});
  EXPECT_EQ(Open(file).secret, "s3cret");
  EXPECT_EQ(Open(Bind({{"file", folder() + "/key"}, {"take", "whole"}})).secret, "s3cret\nsecond");
  (void)Write("s3cret\n", 0640);
  const Told told = Open(file);
  EXPECT_EQ(told.code, "source_failed");
  EXPECT_THAT(told.hint, HasSubstr("chmod 600"));
  EXPECT_EQ(Open(Bind({{"file", folder() + "/none"}})).code, "source_failed");
}

TEST_F(CredentialsTest, TheVaultSaysWhatToDo) {
  vault::Binding binding = Bind({{"exec", "true"}});
  binding.from.reset();
  bool done = false;
  vault_.Init(Secret("a passphrase"), std::nullopt, [&](auto) { done = true; });
  ASSERT_TRUE(TurnUntil([&] { return done; }));
  EXPECT_EQ(Open(binding).code, "credential_missing");
  EXPECT_EQ(Open(binding).hint, "run \"aileron secret set token/example\" on the host");
  ASSERT_TRUE(vault_.Set("token/example", Secret("from the vault")));
  const Told told = Open(binding);
  EXPECT_EQ(told.secret, "from the vault");
  EXPECT_EQ(told.keep, kKeepUntilRevoked);
  // A command needs no vault, and what it gave goes when the vault is locked.
  const auto kept = Counted("kept", "1h");
  (void)Open(kept);
  vault_.Lock("test");
  EXPECT_EQ(Open(binding).code, "vault_locked");
  (void)Open(kept);
  EXPECT_EQ(Runs(), 2u);
}

}  // namespace
}  // namespace aileron::daemon
