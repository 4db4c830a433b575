// TestWorld: a data plane in a thread of its own, and around it, on the test's loop, everything it
// talks to: a daemon, sites, clients. Nothing in the program uses it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <deque>
#include <list>
#include <map>
#include <thread>

#include "net/test_authority.h"
#include "net/test_peer.h"
#include "os/socket.h"
#include "proxy/data_plane.h"
#include "proxy/worker.h"

namespace aileron::proxy {

class TestWorld {
  std::unique_ptr<net::Loop> loop_;  // first: everything else is on it

 public:
  static constexpr auto patience = std::chrono::seconds(20);

  TestWorld() : loop_(std::move(*net::Loop::Make())) {
    net::PrepareTls();
    tls_server_ = std::move(*net::TlsServer::Make());
    trusts_session_ = std::move(*net::TlsClient::Make({}, session_ca_.pem()));
  }

  ~TestWorld() {
    // What the sites' callbacks refer to may be gone already.
    for (Site& site : sites_) {
      for (net::TestPeer& peer : site.peers) peer.Silence();
    }
    Stop();
  }

  void Stop() {
    if (child_ > 0) return StopChild();
    if (!thread_.joinable()) return;
    (void)daemon_->Send(Encode(proxy::Stop{}));
    while (!ended_) loop_->Turn(std::chrono::milliseconds(20));
    thread_.join();
  }

  // Sites, by "host:port" as clients name them; call before Start.
  struct Site {
    std::uint16_t port = 0;  // where it really listens
    std::unique_ptr<ClientListener> listener;
    std::list<net::TestPeer> peers;
    int accepted = 0;
  };
  enum class Security { kPlain, kTls, kUntrusted, kExpired };
  Site& AddSite(const std::string& host, std::uint16_t as_port, Security security,
                net::TestPeer::OnInput on_input) {
    auto& site = sites_.emplace_back();
    auto [socket, port] = Listen("127.0.0.1");
    site.port = port;
    const net::KeyPair key = *net::KeyPair::Make();
    const net::TestAuthority& authority = security == Security::kUntrusted ? other_ca_ : site_ca_;
    const net::Identity identity = *net::Identity::Make(
        key, authority.Sign(host, key.PublicKey(), security == Security::kExpired ? -2 : 1));
    site.listener = std::make_unique<ClientListener>(
        *loop_, std::move(socket),
        [this, &site, security, identity, on_input](os::Fd client, const net::Endpoint&,
                                                    const net::Endpoint&) {
          auto& peer = site.peers.emplace_back(*loop_, std::move(client), on_input);
          ++site.accepted;
          if (security != Security::kPlain) peer.ServeTls(*tls_server_, identity);
          return true;
        });
    EXPECT_TRUE(site.listener->Start());
    start_.connect_to.push_back({host, as_port, "127.0.0.1", port});
    return site;
  }

  // kThread: unconfined, here. kProcess: RunWorker in a child, confined as a real worker is.
  enum class Worker { kThread, kProcess };
  void Start(Worker worker = Worker::kThread) {
    auto [here, there] = *os::SocketPair(SOCK_SEQPACKET);
    daemon_ = std::make_unique<net::PacketChannel>(*loop_, std::move(here), limits::packet_max);
    ASSERT_TRUE(
        daemon_->Start([this](std::string_view packet, std::vector<os::Fd>&) { OnPacket(packet); },
                       [this] { ended_ = true; }));
    start_.session_id = "session";
    start_.extra_roots = site_ca_.pem();
    std::vector<os::Fd> sockets;
    AddListener(ListenerKind::kProxy, "127.0.0.1", proxy_port_, sockets);
    AddListener(ListenerKind::kCaptured, "127.0.0.1", captured_port_, sockets);
    AddListener(ListenerKind::kApi, "127.0.0.1", api_port_, sockets);
    os::Fd udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    dns_port_ = Bind(udp.get(), "127.0.0.1");
    start_.listeners.push_back({ListenerKind::kDns, dns_port_});
    sockets.push_back(std::move(udp));
    AddListener(ListenerKind::kDns, "127.0.0.1", dns_tcp_port_, sockets);
    if (worker == Worker::kProcess) return Fork(std::move(there), sockets);
    auto plane = DataPlane::Make(std::move(there), start_, std::move(sockets));
    ASSERT_TRUE(plane) << plane.error().message;
    thread_ = std::thread([made = std::move(*plane)]() mutable {
      (void)made->Run(DataPlane::Confinement::kUnconfined);
      made.reset();
    });
    Until([this] { return ready_; });
  }

  void Until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!done() && std::chrono::steady_clock::now() < deadline)
      loop_->Turn(std::chrono::milliseconds(50));
    EXPECT_TRUE(done()) << "it did not happen in time";
  }

  net::TestPeer& Connect(std::uint16_t port, const char* address = "127.0.0.1") {
    os::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to = Address(address, port);
    EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    EXPECT_TRUE(AdoptSocket(client.get()));
    return clients_.emplace_back(*loop_, std::move(client));
  }
  // A tunnel through the proxy port, and TLS in it.
  net::TestPeer& ConnectTls(const std::string& authority, const std::string& name) {
    net::TestPeer& client = Connect(proxy_port_);
    client.Write("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
    Until([&] { return client.input().contains("\r\n\r\n"); });
    EXPECT_TRUE(client.TakeInput().starts_with("HTTP/1.1 200 "));
    client.ConnectTls(*trusts_session_, name);
    Until([&] { return client.secure() || client.failed(); });
    EXPECT_TRUE(client.secure()) << client.error();
    return client;
  }

  std::string Ask(net::TestPeer& client, std::string_view request, std::string_view until) {
    client.Write(request);
    Until([&] { return client.input().contains(until) || client.ended(); });
    return client.TakeInput();
  }

  const AuditRecord& RecordWith(std::string_view code) {
    const AuditRecord* found = nullptr;
    Until([&] {
      for (const AuditRecord& record : records_) {
        if (record.code == code) found = &record;
      }
      return found != nullptr;
    });
    static const AuditRecord none;
    return found == nullptr ? none : *found;
  }

  net::Loop& loop() { return *loop_; }
  std::uint16_t proxy_port_ = 0;
  std::uint16_t captured_port_ = 0;
  std::uint16_t api_port_ = 0;
  std::uint16_t dns_port_ = 0;
  std::uint16_t dns_tcp_port_ = 0;
  std::map<std::string, Verdict> verdicts_;     // by host; hosts without one are allowed
  std::map<std::string, std::string> secrets_;  // by binding
  std::map<std::string, std::vector<std::uint64_t>> held_;  // questions, by hosts that wait
  std::vector<AskRequest> requests_;                        // asked about; the test answers
  std::vector<std::uint64_t> gone_;
  pid_t child() const { return child_; }
  std::deque<AuditRecord> records_;
  int verdicts_asked_ = 0;
  int credentials_asked_ = 0;
  int leafs_asked_ = 0;
  net::TestPeer::OnInput api_;  // serves aileron.internal
  std::list<net::TestPeer> api_peers_;
  std::uint64_t keep_ms_ = kKeepUntilRevoked;  // of the credentials that are given
  proxy::Start start_;
  std::unique_ptr<net::PacketChannel> daemon_;
  bool ended_ = false;
  std::unique_ptr<net::TlsClient> trusts_session_;

 private:
  static sockaddr_in Address(const char* address, std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, address, &to.sin_addr);
    return to;
  }
  static std::uint16_t Bind(int socket, const char* address) {
    sockaddr_in at = Address(address, 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size), 0);
    return ntohs(at.sin_port);
  }
  static std::pair<os::Fd, std::uint16_t> Listen(const char* address) {
    os::Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const std::uint16_t port = Bind(listener.get(), address);
    EXPECT_EQ(listen(listener.get(), 128), 0);
    return {std::move(listener), port};
  }
  void AddListener(ListenerKind kind, const char* address, std::uint16_t& port,
                   std::vector<os::Fd>& sockets) {
    auto [listener, bound] = Listen(address);
    port = bound;
    start_.listeners.push_back({kind, port});
    sockets.push_back(std::move(listener));
  }

  void Fork(os::Fd channel, const std::vector<os::Fd>& sockets) {
    child_ = fork();
    if (child_ == 0) {
      close(daemon_->descriptor());  // no more: the epoll set is shared with the parent
      _exit(RunWorker(std::move(channel)));
    }
    std::vector<int> descriptors;
    for (const os::Fd& socket : sockets) descriptors.push_back(socket.get());
    ASSERT_TRUE(os::SendMessage(daemon_->descriptor(), Encode(start_), descriptors));
    channel.Reset();
    Until([this] { return ready_ || ended_; });
    EXPECT_TRUE(ready_);
  }
  void StopChild() {
    (void)daemon_->Send(Encode(proxy::Stop{}));
    EXPECT_EQ(waitpid(child_, &child_status_, 0), child_);
    EXPECT_EQ(child_status_, 0) << "the worker was killed or failed";
    child_ = -1;
  }

  void OnPacket(std::string_view packet) {
    auto message = DecodeFromWorker(packet);
    ASSERT_TRUE(message);
    if (std::holds_alternative<Ready>(*message)) ready_ = true;
    if (auto* ask = std::get_if<AskVerdict>(&*message)) {
      ++verdicts_asked_;
      Verdict verdict{.action = Action::kAllow, .rule = "test"};
      if (const auto found = verdicts_.find(ask->host); found != verdicts_.end())
        verdict = found->second;
      verdict.id = ask->id;
      if (const auto held = held_.find(ask->host); held != held_.end()) {
        held->second.push_back(ask->id);
        return (void)daemon_->Send(Encode(Held{ask->id}));
      }
      (void)daemon_->Send(Encode(verdict));
    }
    if (auto* ask = std::get_if<AskRequest>(&*message)) requests_.push_back(std::move(*ask));
    if (const auto* gone = std::get_if<Gone>(&*message)) gone_.push_back(gone->id);
    if (auto* ask = std::get_if<AskLeaf>(&*message)) {
      ++leafs_asked_;
      (void)daemon_->Send(Encode(Leaf{ask->id, session_ca_.Sign(ask->host, ask->public_key), ""}));
    }
    if (auto* ask = std::get_if<AskCredential>(&*message)) {
      ++credentials_asked_;
      Credential credential{.id = ask->id, .keep_ms = keep_ms_};
      const auto found = secrets_.find(ask->binding);
      if (found != secrets_.end()) {
        credential.secret = Secret(found->second);
      } else {
        credential.code = "vault_locked";
        credential.message = "the vault is locked";
        credential.hint = "aileron vault unlock";
      }
      const Secret encoded = Encode(credential);
      (void)daemon_->Send(std::string(encoded.Reveal()));
    }
    if (auto* ask = std::get_if<AskApi>(&*message)) {
      if (api_ == nullptr) return (void)daemon_->Send(Encode(Api{ask->id, "there is none"}));
      auto [here, there] = *os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK);
      api_peers_.emplace_back(*loop_, std::move(here), api_);
      const int number = there.get();
      ASSERT_TRUE(os::SendMessage(daemon_->descriptor(), Encode(Api{ask->id, ""}), {&number, 1}));
    }
    if (auto* audit = std::get_if<Audit>(&*message)) {
      for (AuditRecord& record : audit->records) records_.push_back(std::move(record));
    }
  }

  net::TestAuthority session_ca_{"session"};
  net::TestAuthority site_ca_{"sites"};
  net::TestAuthority other_ca_{"stranger"};
  std::unique_ptr<net::TlsServer> tls_server_;
  std::list<Site> sites_;
  std::list<net::TestPeer> clients_;
  std::thread thread_;
  bool ready_ = false;
  pid_t child_ = -1;  // of Worker::kProcess
  int child_status_ = 0;
};

}  // namespace aileron::proxy
