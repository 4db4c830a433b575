// A daemon of the test's own, on its own thread and loop, behind real sockets and TLS.
#include "shim/api_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "net/test_authority.h"
#include "net/test_peer.h"

namespace aileron::shim {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

class Daemon final : private net::Loop::Handler {
 public:
  // What to answer to a request of the connection with that number; nothing: it is cut.
  using Answering = std::function<std::string(int connection, std::string_view request)>;

  enum class Speaks { kTls, kPlain };

  explicit Daemon(Answering answering, Speaks speaks = Speaks::kTls)
      : answering_(std::move(answering)),
        speaks_(speaks),
        key_(*net::KeyPair::Make()),
        loop_(*net::Loop::Make()),
        tls_(*net::TlsServer::Make()) {
    listener_ = os::Fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 16), 0);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    EXPECT_TRUE(loop_->Watch(listener_.get(), *this, net::Loop::Trigger::kLevelRead));
    thread_ = std::thread([this] {
      while (!stopped_) loop_->Turn(std::chrono::milliseconds(5));
    });
  }
  ~Daemon() {
    stopped_ = true;
    thread_.join();
    peers_.clear();
    loop_->Forget(listener_.get(), *this);
  }

  std::unique_ptr<ApiClient> Client(const std::string& pem, std::uint16_t plain = 0) {
    auto place = Place::Make(fmt::format("https://127.0.0.1:{}/v1", port_), "token");
    auto client = ApiClient::Make(*place, {.plain = plain, .certificates = pem});
    EXPECT_TRUE(client);
    return *std::move(client);
  }
  std::unique_ptr<ApiClient> Client() { return Client(pem()); }
  std::string pem() const { return authority_.pem(); }
  int connections() const { return connections_; }
  std::uint16_t port() const { return port_; }

 private:
  void OnReady(net::Readiness) override {
    os::Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return;
    const int number = ++connections_;
    peers_.push_back(std::make_unique<net::TestPeer>(
        *loop_, std::move(socket), [this, number](net::TestPeer& peer) { Answer(number, peer); }));
    if (speaks_ == Speaks::kPlain) return;
    peers_.back()->ServeTls(
        *tls_, *net::Identity::Make(key_, authority_.Sign("127.0.0.1", key_.PublicKey())));
  }

  void Answer(int number, net::TestPeer& peer) {
    if (!peer.input().contains("\r\n\r\n")) return;
    const std::string answer = answering_(number, peer.TakeInput());
    if (answer.empty()) {
      loop_->Post([&peer] { peer.Reset(); });
    } else {
      peer.Write(answer);
      if (answer.contains("Connection: close")) peer.End();
    }
  }

  Answering answering_;
  Speaks speaks_;
  net::TestAuthority authority_{"daemon"};
  net::KeyPair key_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<net::TlsServer> tls_;
  os::Fd listener_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<net::TestPeer>> peers_;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

TEST(ApiClient, KeepsOneConnection) {
  Daemon daemon([](int, std::string_view request) {
    EXPECT_THAT(std::string(request), HasSubstr("\r\nAuthorization: Bearer token\r\n"));
    return std::string(kOk);
  });
  const auto client = daemon.Client();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client->Ask({.path = "/tools"});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "{}");
  }
  EXPECT_EQ(daemon.connections(), 1);
}

TEST(ApiClient, TheListenerWithoutTlsIsTakenWhereThereIsOne) {
  Daemon daemon(
      [](int, std::string_view request) {
        EXPECT_THAT(std::string(request), HasSubstr("\r\nAuthorization: Bearer token\r\n"));
        return std::string(kOk);
      },
      Daemon::Speaks::kPlain);
  const auto client = daemon.Client("no certificate", daemon.port());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client->Ask({.path = "/tools"})->body, "{}");
  EXPECT_EQ(daemon.connections(), 1);
}

TEST(ApiClient, WhereThereIsNoneTlsIsSpoken) {
  Daemon daemon([](int, std::string_view) { return std::string(kOk); });
  constexpr std::uint16_t nobody = 1;
  const auto client = daemon.Client(daemon.pem(), nobody);
  const auto answer = client->Ask({});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "{}");
}

TEST(ApiClient, AConnectionThatBreaksIsMadeAgain) {
  Daemon daemon([](int connection, std::string_view) {
    return connection < 3 ? std::string() : std::string(kOk);
  });
  const auto client = daemon.Client();
  const auto answer = client->Ask({.path = "/tools"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(daemon.connections(), 3);
}

TEST(ApiClient, AConnectionThatTheDaemonClosesIsMadeAgain) {
  Daemon daemon([](int, std::string_view) {
    return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end");
  });
  const auto client = daemon.Client();
  EXPECT_EQ(client->Ask({})->body, "to the end");
  EXPECT_EQ(client->Ask({})->body, "to the end");
  EXPECT_EQ(daemon.connections(), 2);
}

TEST(ApiClient, ALargeAnswerComesWhole) {
  const std::string body(3'000'000, 'x');
  Daemon daemon([&](int, std::string_view) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  });
  EXPECT_EQ(daemon.Client()->Ask({})->body, body);
}

TEST(ApiClient, AnAnswerThatIsNoneIsNotAskedForAgain) {
  Daemon daemon([](int, std::string_view) { return std::string("SSH-2.0-x\r\n\r\n"); });
  const auto answer = daemon.Client()->Ask({});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("cannot be read"));
  EXPECT_EQ(daemon.connections(), 1);
}

TEST(ApiClient, NobodyIsToldTheTokenWhoIsNotTheDaemon) {
  std::atomic<int> requests = 0;
  Daemon daemon([&](int, std::string_view) {
    ++requests;
    return std::string(kOk);
  });
  const auto answer = daemon.Client(net::TestAuthority("another").pem())->Ask({});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("cannot be trusted"));
  EXPECT_EQ(requests, 0);
  EXPECT_EQ(daemon.connections(), 1);
}

TEST(ApiClient, ADaemonThatIsAwayIsUnavailable) {
  const auto place = Place::Make("https://127.0.0.1:1/v1", "token");
  auto client = ApiClient::Make(*place, {.certificates = net::TestAuthority("daemon").pem()});
  ASSERT_TRUE(client);
  const auto answer = (*client)->Ask({});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("aileron status"));
  EXPECT_THAT(answer.error().message, Not(HasSubstr("token")));
}

TEST(ApiClient, OutsideOfASandboxItSaysSo) {
  unsetenv("AILERON_API_URL");
  EXPECT_FALSE(HasApi());
  const auto client = ApiClient::FromEnvironment();
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Code::kUnavailable);
  EXPECT_THAT(client.error().message, HasSubstr("aileron launch"));
}

}  // namespace
}  // namespace aileron::shim
