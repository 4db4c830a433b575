#include "modes/demo_site.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <list>

#include "base/bytes.h"
#include "crypto/x509.h"
#include "http/h1.h"
#include "modes/limits.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

constexpr std::chrono::milliseconds kTurn(20);

std::string Answer(int status, std::string_view reason, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: "
      "close\r\n\r\n{}",
      status, reason, body.size(), body);
}

Result<os::Fd> Listen(std::uint16_t& port) {
  os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return os::FailErrno("cannot make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(socket.get(), SOMAXCONN) != 0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return os::FailErrno("cannot listen on 127.0.0.1");
  }
  port = ntohs(address.sin_port);
  return socket;
}

}  // namespace

// One connection, one request, one answer.
class DemoSite::Connection final : private net::Channel::Owner {
 public:
  Connection(DemoSite& site, const Secret& token)
      : site_(site), token_(token), input_(limits::demo_request_bytes) {}

  Status Open(net::Loop& loop, os::Fd socket, net::TlsServer& server,
              const net::TlsServer::OnHello& on_hello) {
    AILERON_ASSIGN(stream_, net::Stream::Make(loop, std::move(socket), *this));
    AILERON_TRY(stream_->StartServer(server, on_hello, ""));
    OnChannel(*stream_);
    return {};
  }
  // The acceptor destroys what is done, outside of the stream's own calls.
  bool done() const { return done_; }

 private:
  void OnChannel(net::Channel&) override {
    if (done_) return;
    if (!greeted_) {
      const net::Io io = stream_->Handshake();
      if (io == net::Io::kBlocked) return;
      if (io != net::Io::kDone) done_ = true;
      greeted_ = true;
    }
    while (!done_ && output_.empty() && Read()) {
    }
    while (!done_ && !output_.empty() && Write()) {
    }
  }

  // Whether to go on at once.
  bool Read() {
    if (input_.Room() == 0) done_ = true;
    if (done_) return false;
    std::size_t count = 0;
    const net::Io io = stream_->Read(input_.Prepare(input_.Room()), count);
    input_.Commit(count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) done_ = true;
    if (done_) return false;
    http::RequestHead head;
    const http::HeadStep step = parser_.Parse(input_.View(), head);
    if (step.outcome == http::Outcome::kDone) {
      Decide(head);
    } else if (step.outcome == http::Outcome::kFailed) {
      output_ = Answer(400, "Bad Request", "that is no request\n");
    }
    return true;
  }

  void Decide(const http::RequestHead& head) {
    const std::string_view given = head.headers.Find("authorization").value_or("");
    constexpr std::string_view kScheme = "Bearer ";
    site_.requests_.fetch_add(1);
    if (given.starts_with(kScheme) && given.substr(kScheme.size()) == token_.Reveal()) {
      site_.authorised_.fetch_add(1);
      output_ = Answer(200, "OK", fmt::format("{}\n", kGreeting));
    } else {
      output_ = Answer(401, "Unauthorized",
                       given.empty() ? "no token came along\n" : "that is not the token\n");
    }
  }

  // Whether to go on at once.
  bool Write() {
    std::size_t count = 0;
    const net::Io io = stream_->Write(output_, count);
    output_.erase(0, count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) done_ = true;
    if (output_.empty()) {
      stream_->ShutdownWrite(net::Ending::kWhole);
      done_ = true;
    }
    return true;
  }

  DemoSite& site_;
  const Secret& token_;
  std::unique_ptr<net::Stream> stream_;
  ByteBuffer input_;
  std::string output_;
  http::RequestParser parser_;
  bool greeted_ = false;
  bool done_ = false;
};

class DemoSite::Acceptor final : private net::Loop::Handler {
 public:
  Acceptor(DemoSite& site, const Secret& token) : site_(site), token_(token.Duplicate()) {}

  Status Open(const std::string& host) {
    const Time now = Now();
    AILERON_ASSIGN(const auto authority, crypto::CertificateAuthority::Create("demo", now));
    AILERON_ASSIGN(const net::KeyPair key, net::KeyPair::Make());
    AILERON_ASSIGN(const std::string leaf, authority.IssueLeaf(host, key.PublicKey(), now));
    AILERON_ASSIGN(identity_, net::Identity::Make(key, leaf));
    site_.ca_pem_ = authority.CertificatePem();
    AILERON_ASSIGN(server_, net::TlsServer::Make());
    AILERON_ASSIGN(loop_, net::Loop::Make());
    AILERON_ASSIGN(listener_, Listen(site_.port_));
    return loop_->Watch(listener_.get(), *this, net::Loop::Trigger::kLevelRead);
  }

  void Serve() {
    while (!site_.stop_.load()) {
      loop_->Turn(kTurn);
      connections_.remove_if([](const auto& connection) { return connection->done(); });
    }
    connections_.clear();
    loop_->Forget(listener_.get(), *this);
  }

 private:
  void OnReady(net::Readiness) override {
    while (connections_.size() < limits::demo_connections) {
      os::Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket) return;
      auto connection = std::make_unique<Connection>(site_, token_);
      const auto on_hello = [this](const net::Hello&, net::Identity& identity) {
        identity = identity_;
        return net::HelloAnswer::kGo;
      };
      if (connection->Open(*loop_, std::move(socket), *server_, on_hello)) {
        connections_.push_back(std::move(connection));
      }
    }
  }

  DemoSite& site_;
  Secret token_;
  net::Identity identity_;
  std::unique_ptr<net::TlsServer> server_;
  std::unique_ptr<net::Loop> loop_;
  os::Fd listener_;
  std::list<std::unique_ptr<Connection>> connections_;
};

Result<std::unique_ptr<DemoSite>> DemoSite::Start(const std::string& host, const Secret& token) {
  net::PrepareTls();
  std::unique_ptr<DemoSite> site(new DemoSite);
  site->acceptor_ = std::make_unique<Acceptor>(*site, token);
  AILERON_TRY(site->acceptor_->Open(host));
  site->thread_ = std::jthread([acceptor = site->acceptor_.get()] { acceptor->Serve(); });
  return site;
}

DemoSite::~DemoSite() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

}  // namespace aileron::modes
