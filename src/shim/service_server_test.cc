#include "shim/service_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "os/capture.h"
#include "service/limits.h"
#include "shim/dialer.h"
#include "shim/limits.h"
#include "shim/service_client.h"
#include "shim/services.h"

namespace aileron::shim {
namespace {

using testing::HasSubstr;

constexpr std::string_view kKey = "ail1.key";

std::uint16_t PortOf(const os::Fd& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// An init with services and its clients, in one process: the loop turns until a client has what it
// waits for.
class ServiceServerTest : public testing::Test {
 protected:
  ServiceServerTest() {
    os::Fd listener = os::ListenTcpLoopback(0).value();
    port_ = PortOf(listener);
    server_ = ServiceServer::Make(*loop_, std::move(listener), std::string(kKey), services_,
                                  [this](const std::string& name, std::uint16_t port) {
                                    asked_.push_back(fmt::format("{} {}", name, port));
                                    if (answer_ports_) services_.Published(Answer(port));
                                  })
                  .value();
  }
  ~ServiceServerTest() override {
    for (const service::Report& report : services_.Reports()) (void)services_.Stop(report.name);
    (void)Until([this] {
      return std::ranges::all_of(services_.Reports(), [](const service::Report& report) {
        return report.state >= service::State::kStopped;
      });
    });
  }

  static service::Port Answer(std::uint16_t port) {
    return {.number = port, .address = "127.0.0.1:4", .refusal = ""};
  }

  void Turn() {
    loop_->Turn(std::chrono::milliseconds(5));
    for (pid_t pid = 0;;) {
      siginfo_t ended{};
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) break;
      pid = ended.si_pid;
      services_.AboutToReap(pid);
      int status = 0;
      waitpid(pid, &status, 0);
      services_.Reaped(pid, status);
    }
    if (changed_) {
      changed_ = false;
      server_->Look();
    }
  }
  template <typename Check>
  bool Until(Check check) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!check()) {
      if (std::chrono::steady_clock::now() > end) return false;
      Turn();
    }
    return true;
  }

  // All answers to one request.
  std::vector<Result<service::Answer>> Ask(const service::Request& request,
                                           std::string_view key = kKey) {
    std::vector<Result<service::Answer>> answers;
    std::atomic<bool> done = false;
    std::thread client([&] {
      auto asked = ServiceClient::AskAt(port_, key, request);
      while (asked) {
        auto answer = asked->Next(std::chrono::seconds(20));
        const bool more = answer && std::holds_alternative<service::LogPiece>(*answer);
        answers.push_back(std::move(answer));
        if (!more) break;
      }
      done = true;
    });
    EXPECT_TRUE(Until([&] { return done.load(); }));
    client.join();
    return answers;
  }
  Result<service::Answer> AskOnce(const service::Request& request, std::string_view key = kKey) {
    auto answers = Ask(request, key);
    if (answers.size() != 1) return Fail(Code::kInternal, "{} answers", answers.size());
    return std::move(answers[0]);
  }
  std::string Mistake(const service::Request& request) {
    const auto answer = AskOnce(request);
    const auto* error = answer ? std::get_if<Error>(&*answer) : nullptr;
    return error == nullptr ? "none" : error->message;
  }
  static service::Spec Shell(std::string name, std::string script) {
    return {.name = std::move(name),
            .command = {"sh", "-c", std::move(script)},
            .environment = {"PATH=/usr/bin:/bin", "GREETING=hello"},
            .folder = "/"};
  }
  service::Report ReportOf(const std::string& name) { return *services_.Report(name); }
  std::string LogOf(const std::string& name) {
    std::string text;
    for (const auto& answer : Ask(service::ShowLog{name, std::nullopt, false})) {
      if (const auto* piece = answer ? std::get_if<service::LogPiece>(&*answer) : nullptr)
        text += piece->bytes;
    }
    return text;
  }

  std::unique_ptr<net::Loop> loop_ = net::Loop::Make().value();
  Dialer dialer_{*loop_};
  bool changed_ = false;
  Services services_{*loop_, dialer_, [this] { changed_ = true; }};
  std::unique_ptr<ServiceServer> server_;
  std::uint16_t port_ = 0;
  std::vector<std::string> asked_;
  bool answer_ports_ = true;
};

TEST_F(ServiceServerTest, AServiceRunsWithWhatItsCallerHasAndItsLogIsKept) {
  const auto answer = AskOnce(service::RunIt{Shell("web", "echo $GREETING; pwd; exec sleep 1000")});
  ASSERT_TRUE(answer && std::holds_alternative<service::Done>(*answer));
  EXPECT_EQ(std::get<service::Done>(*answer).services.at(0).state, service::State::kRunning);
  EXPECT_TRUE(Until([&] { return services_.Log("web")->end() >= 8; }));
  EXPECT_EQ(LogOf("web"), "hello\n/\n");
}

TEST_F(ServiceServerTest, ItHasNoDescriptorButItsLogAndASessionOfItsOwn) {
  (void)AskOnce(service::RunIt{
      Shell("web",
            "ls /proc/self/fd | wc -l; readlink /proc/self/fd/0; ps -o sid= -p $$ | tr -d ' ';"
            "echo $$; exec sleep 1000")});
  ASSERT_TRUE(Until([&] {
    const std::string log = LogOf("web");
    return std::ranges::count(log, '\n') == 4;
  }));
  const std::string log = LogOf("web");
  // Three streams, and the folder that ls reads.
  EXPECT_THAT(log, testing::StartsWith("4\n/dev/null\n"));
  const auto lines = log.substr(log.find("null\n") + 5);
  EXPECT_EQ(lines.substr(0, lines.find('\n')) + "\n", lines.substr(lines.find('\n') + 1));
}

TEST_F(ServiceServerTest, WhatCannotBeRunIsSaid) {
  service::Spec spec = Shell("web", "");
  spec.command = {"no-such-program"};
  EXPECT_THAT(Mistake(service::RunIt{spec}), HasSubstr("cannot run \"no-such-program\""));
  spec.command = {"/bin/sh"};
  spec.folder = "/no/such/folder";
  EXPECT_THAT(Mistake(service::RunIt{spec}), HasSubstr("/no/such/folder"));
  EXPECT_TRUE(services_.Reports().empty());
  EXPECT_THAT(Mistake(service::StopIt{"web"}), HasSubstr("no service is called web"));
  EXPECT_THAT(Mistake(service::RestartIt{"web"}), HasSubstr("no service"));
  EXPECT_THAT(Mistake(service::ShowLog{"web", std::nullopt, false}), HasSubstr("no service"));
}

TEST_F(ServiceServerTest, ItIsStartedAgainWhenItIsKilledAndStaysDownWhenItIsStopped) {
  (void)AskOnce(service::RunIt{Shell("web", "echo up $$; exec sleep 1000")});
  ASSERT_TRUE(Until([&] { return services_.Log("web")->end() > 0; }));
  const pid_t pid = std::stoi(LogOf("web").substr(3));
  kill(pid, SIGKILL);
  ASSERT_TRUE(Until([&] { return ReportOf("web").restarts == 1; }));
  EXPECT_EQ(ReportOf("web").exit_code, 137);
  EXPECT_THAT(LogOf("web"), HasSubstr("aileron: web: it ended with 137"));
  const auto stopped = AskOnce(service::StopIt{"web"});
  ASSERT_TRUE(stopped && std::holds_alternative<service::Done>(*stopped));
  EXPECT_EQ(ReportOf("web").state, service::State::kStopped);
  (void)AskOnce(service::RestartIt{"web"});
  EXPECT_EQ(ReportOf("web").state, service::State::kRunning);
}

TEST_F(ServiceServerTest, WhatItLeavesBehindInItsGroupEndsWithIt) {
  (void)AskOnce(
      service::RunIt{Shell("web", "trap '' TERM; sleep 1000 & echo $!; trap 'exit 0' TERM; wait")});
  ASSERT_TRUE(Until([&] { return services_.Log("web")->end() > 0; }));
  const pid_t left = std::stoi(LogOf("web"));
  (void)AskOnce(service::StopIt{"web"});
  // Its parent is gone: this process, or one above it, reaps it.
  EXPECT_TRUE(Until([&] {
    const auto stat = os::ReadFile(fmt::format("/proc/{}/stat", left), 4096);
    return !stat || stat->contains(") Z ");
  }));
}

TEST_F(ServiceServerTest, ANameIsTakenWhileItsServiceRuns) {
  (void)AskOnce(service::RunIt{Shell("web", "exec sleep 1000")});
  EXPECT_THAT(Mistake(service::RunIt{Shell("web", "exec sleep 1000")}), HasSubstr("runs already"));
  (void)AskOnce(service::StopIt{"web"});
  (void)AskOnce(service::RunIt{Shell("web", "echo second; exec sleep 1000")});
  EXPECT_EQ(ReportOf("web").state, service::State::kRunning);
}

TEST_F(ServiceServerTest, ThereAreAsManyAsTheBoundAllowsAndThoseThatAreOverMakeRoom) {
  for (std::size_t i = 0; i < service::limits::kServices; ++i)
    (void)AskOnce(service::RunIt{Shell(fmt::format("s{}", i), "exec sleep 1000")});
  EXPECT_THAT(Mistake(service::RunIt{Shell("more", "exec sleep 1000")}), HasSubstr("Stop one"));
  (void)AskOnce(service::StopIt{"s3"});
  const auto answer = AskOnce(service::RunIt{Shell("more", "exec sleep 1000")});
  EXPECT_TRUE(answer && std::holds_alternative<service::Done>(*answer));
  EXPECT_FALSE(services_.Report("s3"));
  EXPECT_EQ(services_.Reports().size(), service::limits::kServices);
}

TEST_F(ServiceServerTest, PortsAreAskedForAndAnswered) {
  service::Spec spec = Shell("web", "exec sleep 1000");
  spec.ports = {3000, 3001};
  const auto answer = AskOnce(service::RunIt{spec});
  ASSERT_TRUE(answer && std::holds_alternative<service::Done>(*answer));
  EXPECT_EQ(std::get<service::Done>(*answer).services.at(0).ports.at(1).address, "127.0.0.1:4");
  EXPECT_EQ(asked_, (std::vector<std::string>{"web 3000", "web 3001"}));
}

TEST_F(ServiceServerTest, AHealthCommandIsRunAndItsEndCounts) {
  service::Spec spec = Shell("web", "exec sleep 1000");
  spec.health.command = "exit 0";
  (void)AskOnce(service::RunIt{spec});
  EXPECT_EQ(ReportOf("web").condition, service::Condition::kStarting);
  EXPECT_TRUE(Until([&] { return ReportOf("web").condition == service::Condition::kHealthy; }));
}

TEST_F(ServiceServerTest, AHealthPortIsConnectedTo) {
  const os::Fd listener = os::ListenTcpLoopback(0).value();
  service::Spec spec = Shell("web", "exec sleep 1000");
  spec.health.port = PortOf(listener);
  (void)AskOnce(service::RunIt{spec});
  EXPECT_TRUE(Until([&] { return ReportOf("web").condition == service::Condition::kHealthy; }));
}

TEST_F(ServiceServerTest, ThoseWhoConnectToNobodyAreToldAndSoAreTheOnesTooMany) {
  std::uint16_t closed = 0;
  closed = PortOf(os::ListenTcpLoopback(0).value());
  int answered = 0;
  const auto nobody = [&](const os::Fd& socket) {
    EXPECT_FALSE(static_cast<bool>(socket));
    ++answered;
  };
  const int many = static_cast<int>(limits::kDials) + 5;
  for (int i = 0; i < many; ++i) dialer_.Dial(closed, nobody);
  EXPECT_EQ(answered, 5);
  EXPECT_TRUE(Until([&] { return answered == many; }));
}

TEST_F(ServiceServerTest, AFloodOfOutputIsBounded) {
  (void)AskOnce(service::RunIt{Shell("web", "yes aaaaaaaaaaaaaaaaaaaaaaa")});
  ASSERT_TRUE(Until([&] { return services_.Log("web")->end() > 8u << 20; }));
  const service::LogRing& log = *services_.Log("web");
  EXPECT_LE(log.end() - log.begin(), service::limits::kLogBytes);
  (void)AskOnce(service::StopIt{"web"});
  EXPECT_EQ(ReportOf("web").state, service::State::kStopped);
}

TEST_F(ServiceServerTest, WithoutTheKeyNothingIsDone) {
  const auto answer = AskOnce(service::RunIt{Shell("web", "exec sleep 1000")}, "ail1.kez");
  ASSERT_TRUE(answer && std::holds_alternative<Error>(*answer));
  EXPECT_EQ(std::get<Error>(*answer).code, Code::kDenied);
  EXPECT_TRUE(services_.Reports().empty());
}

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void Say(std::string_view bytes) {
    send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Whether the other side has closed.
  bool Closed() {
    char bytes[4096];
    while (true) {
      const ssize_t count = recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (count <= 0) return count == 0 || errno != EAGAIN;
    }
  }

 private:
  os::Fd socket_;
};

TEST_F(ServiceServerTest, GarbageEndsItsConnectionAndNothingElse) {
  const std::string whole = service::Encode(kKey, service::ListAll{});
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(100'000, '\xff'),
        std::string("\x04\0\0\0abcd", 8), whole + whole}) {
    RawClient client(port_);
    client.Say(bytes);
    EXPECT_TRUE(Until([&] { return client.Closed(); }));
  }
  EXPECT_TRUE(AskOnce(service::ListAll{}).has_value());
}

TEST_F(ServiceServerTest, AClientThatSaysNothingKeepsNobodyOut) {
  std::vector<std::unique_ptr<RawClient>> idle;
  for (std::size_t i = 0; i < limits::kClients - 1; ++i)
    idle.push_back(std::make_unique<RawClient>(port_));
  ASSERT_TRUE(Until([&] { return server_->clients() == idle.size(); }));
  EXPECT_TRUE(AskOnce(service::ListAll{}).has_value());
  // One more than there may be waits until somebody has gone.
  for (int i = 0; i < 5; ++i) idle.push_back(std::make_unique<RawClient>(port_));
  EXPECT_TRUE(Until([&] { return server_->clients() == limits::kClients; }));
  idle.clear();
  EXPECT_TRUE(AskOnce(service::ListAll{}).has_value());
  EXPECT_TRUE(Until([&] { return server_->clients() == 0; }));
}

TEST_F(ServiceServerTest, AFollowerGetsWhatComesAndOneThatDoesNotReadDelaysNobody) {
  RawClient deaf(port_);
  (void)AskOnce(service::RunIt{Shell("web", "yes bbbbbbbbbbbbbbbbbb")});
  deaf.Say(service::Encode(kKey, service::ShowLog{"web", std::nullopt, true}));
  ASSERT_TRUE(Until([&] { return services_.Log("web")->end() > 4u << 20; }));
  std::atomic<bool> done = false;
  std::size_t bytes = 0;
  std::thread follower([&] {
    auto client = ServiceClient::AskAt(port_, kKey, service::ShowLog{"web", 1, true});
    while (client && bytes < 1u << 20) {
      const auto answer = client->Next(std::chrono::seconds(20));
      if (!answer) break;
      bytes += std::get<service::LogPiece>(*answer).bytes.size();
    }
    done = true;
  });
  EXPECT_TRUE(Until([&] { return done.load(); }));
  follower.join();
  EXPECT_GE(bytes, 1u << 20);
  EXPECT_TRUE(AskOnce(service::ListAll{}).has_value());
}

}  // namespace
}  // namespace aileron::shim
