// An attacker who has taken over a worker: this program, started as one by a real daemon, confined
// as one is, and then doing what it likes. What the daemon must not give it, and what it may, so
// that an attack which worked would be seen. That the confined process has no other way is tested
// in src/proxy/confine_test.cc.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>

#include <cstdio>
#include <fstream>

#include "daemon/sessions_world_test.h"
#include "proxy/confine.h"
#include "proxy/permit.h"

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace aileron::daemon {
namespace {

using testing::HasSubstr;

constexpr std::string_view kName = "hostile-worker", kSecret = "the-credential-1234";
constexpr int kChannel = 3, kGotSecret = 42, kGotLeaf = 43, kNothing = 44;

// --- the attacker

proxy::DaemonMessage Hear() {
  while (true) {
    auto packet = os::ReceiveMessage(kChannel, proxy::limits::start_packet_max);
    if (!packet && packet.error().code == Code::kUnavailable) {
      pollfd ready{kChannel, POLLIN, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (!packet || packet->end) _exit(kNothing);
    auto message = proxy::DecodeFromDaemon(packet->bytes);
    if (!message) _exit(kNothing);
    return std::move(*message);
  }
}

void Say(std::string_view packet, std::span<const int> descriptors = {}) {
  while (true) {
    const Status sent = os::SendMessage(kChannel, packet, descriptors);
    if (sent) return;
    if (sent.error().code != Code::kUnavailable) _exit(kNothing);
    pollfd ready{kChannel, POLLOUT, 0};
    poll(&ready, 1, -1);
  }
}

[[noreturn]] void TakeCredential(proxy::AskCredential ask) {
  Say(Encode(ask));
  const proxy::DaemonMessage answer = Hear();
  const auto* credential = std::get_if<proxy::Credential>(&answer);
  _exit(credential != nullptr && credential->secret.Reveal() == kSecret ? kGotSecret : kNothing);
}

void HearVerdict(std::string_view host, std::uint16_t port) {
  Say(Encode(proxy::AskVerdict{.id = 1, .host = std::string(host), .port = port}));
  (void)Hear();
}

[[noreturn]] void Attack(std::string_view what) {
  if (!std::holds_alternative<proxy::Start>(Hear())) _exit(kNothing);
  if (!proxy::HardenWorker() || !proxy::Confine()) _exit(99);
  Say(Encode(proxy::Ready{}));
  proxy::AskCredential ask{.id = 2, .binding = "b", .host = "a.example", .port = 8443};
  if (what == "as-allowed") {
    HearVerdict("a.example", 8443);
    TakeCredential(ask);
  }
  if (what == "without-a-verdict") TakeCredential(ask);
  if (what == "another-host") {
    HearVerdict("a.example", 8443);
    HearVerdict("b.example", 443);
    ask.host = "b.example";
    ask.port = 443;
    TakeCredential(ask);
  }
  if (what == "another-port") {
    HearVerdict("a.example", 8443);
    ask.port = 443;
    TakeCredential(ask);
  }
  if (what == "another-binding") {
    HearVerdict("a.example", 8443);
    ask.binding = "secret-of-another-host";
    TakeCredential(ask);
  }
  // c.example: POST asks, and nobody answers.
  if (what == "as-passed" || what == "unasked" || what == "anothers-pass" || what == "refused") {
    HearVerdict("c.example", 8443);
    ask.host = "c.example";
    ask.binding = "of-c";
    proxy::AskRequest request{.id = 7, .host = "c.example", .port = 8443, .method = "GET"};
    request.path = "/read";
    request.seen = proxy::Seen::kWhole;
    request.body_hash = request.same = std::string(64, 'a');
    if (what == "refused") request.method = "POST";
    if (what != "unasked") {
      Say(Encode(request));
      proxy::DaemonMessage answer = Hear();
      while (std::holds_alternative<proxy::Held>(answer)) answer = Hear();
      const auto* given = std::get_if<proxy::RequestAnswer>(&answer);
      // Of one that a person was not there for there is no pass: the attacker makes one up.
      ask.pass = given != nullptr && given->pass != 0 ? given->pass : 1;
    }
    ask.method = what == "as-passed" ? "GET" : "POST";
    ask.path = "/read";
    TakeCredential(ask);
  }
  if (what == "first-use") {
    HearVerdict("d.example", 8443);
    ask.host = "d.example";
    ask.binding = "of-d";
    Say(Encode(ask));
    proxy::DaemonMessage answer = Hear();
    while (std::holds_alternative<proxy::Held>(answer)) answer = Hear();
    const auto* credential = std::get_if<proxy::Credential>(&answer);
    _exit(credential != nullptr && credential->secret.empty() ? kNothing : kGotSecret);
  }
  if (what == "as-its-proxy") {
    ask.binding = proxy::kUpstreamProxyBinding;
    TakeCredential(ask);
  }
  if (what == "leaf") {
    Say(Encode(proxy::AskLeaf{.id = 3, .host = "bank.example", .public_key = "x"}));
    (void)Hear();
    _exit(kGotLeaf);
  }
  if (what == "flood") {
    while (true) Say(Encode(proxy::AskVerdict{.id = 4, .host = "a.example", .port = 8443}));
  }
  if (what == "descriptors") {
    std::vector<int> many(200, kChannel);
    for (int i = 0; i < 50; ++i)
      Say(Encode(proxy::AskVerdict{.id = 5, .host = "a.example", .port = 8443}), many);
    (void)Hear();
    _exit(kNothing);
  }
  if (what == "forged-record") {
    proxy::AuditRecord record{.kind = "request", .time_us = ~0ull >> 2, .action = "allow"};
    record.duration_us = 5;
    record.host = "forged.example\"},{\"session\":\"another";
    Say(Encode(proxy::Audit{{record}}));
    while (true) (void)Hear();
  }
  _exit(98);
}

// Before main: the daemon starts this program with a name for the attack.
__attribute__((constructor)) void BecomeAWorker() {
  std::ifstream file("/proc/self/cmdline");
  std::string name, what;
  std::getline(file, name, '\0');
  std::getline(file, what, '\0');
  if (name == kName) Attack(what);
}

// --- the daemon

class HostileWorkerTest : public SessionsTest {
 protected:
  void SetUp() override {
    Write("secret", kSecret);
    Write(
        "bindings.yaml",
        fmt::format("version: 1\nbindings:\n"
                    "  - {{name: b, host: a.example, port: 8443, scheme: bearer,\n"
                    "      credential: token/b, from: {{file: {0}/secret}}}}\n"
                    "  - {{name: of-c, host: c.example, port: 8443, scheme: bearer,\n"
                    "      credential: token/d, from: {{file: {0}/secret}}}}\n"
                    "  - {{name: of-d, host: d.example, port: 8443, scheme: bearer,\n"
                    "      credential: token/e, approval: first-use, from: {{file: {0}/secret}}}}\n"
                    "  - {{name: secret-of-another-host, host: other.example, scheme: bearer,\n"
                    "      credential: token/c, from: {{file: {0}/secret}}}}\n",
                    folder()));
    Write("policy.yaml",
          "version: 1\nnetwork:\n"
          "  - {host: c.example, port: 8443, action: allow}\n"
          "  - {host: d.example, port: 8443, action: allow}\n"
          "  - {host: c.example, method: POST, action: ask}\n");
  }
  void Write(const std::string& name, std::string_view text) {
    const std::string path = folder() + "/" + name;
    const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ASSERT_TRUE(os::WriteAll(file.get(), text));
  }
  // Lets the worker attack until the daemon has ended it or it has ended itself: the last's record.
  std::string Attacked(const std::string& what) {
    machine_ = Boot({std::string(kName), what});
    AILERON_CHECK(machine_->credentials.Start().has_value());
    const auto opened = Open(*machine_);
    AILERON_CHECK(opened.has_value());
    id_ = opened->id;
    listener_ = GiveListener();
    EXPECT_TRUE(TurnUntil([&] { return Has(*machine_, "worker.crash"); }));
    return Bodies("worker.crash");
  }
  std::string Bodies(const std::string& kind) {
    (void)machine_->audit.Flush();
    std::string all;
    for (const auto& record : machine_->audit.log().Find({}).value()) {
      if (record.body.contains(fmt::format("\"kind\":\"{}\"", kind))) all += record.body + "\n";
    }
    return all;
  }

  std::unique_ptr<Machine> machine_;
  std::string id_;
  os::Fd listener_;
};

TEST_F(HostileWorkerTest, CanaryTheCredentialOfAnAllowedHostIsGiven) {
  EXPECT_THAT(Attacked("as-allowed"), HasSubstr(fmt::format("status {}", kGotSecret)));
  EXPECT_EQ(Bodies("permit.violation"), "");
}

TEST_F(HostileWorkerTest, NoCredentialButOfAHostWithAVerdictThatNamedIt) {
  for (const char* what : {"without-a-verdict", "another-host", "another-port", "another-binding",
                           "as-its-proxy", "leaf"}) {
    const std::string ended = Attacked(what);
    EXPECT_THAT(ended, testing::Not(HasSubstr(fmt::format("status {}", kGotSecret)))) << what;
    EXPECT_THAT(ended, testing::Not(HasSubstr(fmt::format("status {}", kGotLeaf)))) << what;
    EXPECT_NE(Bodies("permit.violation"), "") << what;
    machine_.reset();
    for (const char* one : {"/state.db", "/audit.db", "/audit.key", "/audit.head"})
      std::filesystem::remove(folder() + one);
  }
}

TEST_F(HostileWorkerTest, CanaryTheCredentialOfARequestThatPassedIsGiven) {
  EXPECT_THAT(Attacked("as-passed"), HasSubstr(fmt::format("status {}", kGotSecret)));
  EXPECT_EQ(Bodies("permit.violation"), "");
}

TEST_F(HostileWorkerTest, NoCredentialOfARequestThatNobodyLetPassAndTheRecordSaysSo) {
  for (const char* what : {"unasked", "anothers-pass", "refused"}) {
    EXPECT_THAT(Attacked(what), testing::Not(HasSubstr(fmt::format("status {}", kGotSecret))))
        << what;
    EXPECT_THAT(Bodies("permit.violation"), HasSubstr("nobody let pass")) << what;
    machine_.reset();
    for (const char* one : {"/state.db", "/audit.db", "/audit.key", "/audit.head", "/approvals.db"})
      std::filesystem::remove(folder() + one);
  }
}

TEST_F(HostileWorkerTest, ACredentialThatAsksBeforeItsFirstUseIsNotOpenedWithoutAYes) {
  EXPECT_THAT(Attacked("first-use"), testing::Not(HasSubstr(fmt::format("status {}", kGotSecret))));
  EXPECT_EQ(Bodies("credential.open"), "");
}

TEST_F(HostileWorkerTest, AFloodOfQuestionsEndsTheWorkerAndNobodyElse) {
  EXPECT_THAT(Attacked("flood"), HasSubstr("does not take its answers"));
  EXPECT_EQ(machine_->sessions.running(), 1u);
}

TEST_F(HostileWorkerTest, DescriptorsThatItSendsAreNotKept) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const auto before = open_files();
  (void)Attacked("descriptors");
  EXPECT_LT(open_files(), before + 100);
}

TEST_F(HostileWorkerTest, ARecordIsOfItsOwnSessionAndOfNow) {
  machine_ = Boot({std::string(kName), "forged-record"});
  const auto opened = Open(*machine_);
  ASSERT_TRUE(opened.has_value());
  listener_ = GiveListener();
  EXPECT_TRUE(TurnUntil([&] { return Has(*machine_, "request"); }));
  const auto records = machine_->audit.log().Find({}).value();
  const auto forged = std::ranges::find_if(
      records, [](const auto& record) { return record.body.contains("forged.example"); });
  ASSERT_NE(forged, records.end());
  EXPECT_THAT(forged->body, HasSubstr(fmt::format("\"session\":\"{}\"", opened->id)));
  EXPECT_THAT(forged->body, HasSubstr("forged.example\\\"},{\\\"session"));
  EXPECT_LE(forged->time, Now());
}

}  // namespace
}  // namespace aileron::daemon

#endif
