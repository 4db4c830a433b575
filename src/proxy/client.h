// Client: one client connection, until it is known what it is: TLS or not, for which name, and in
// which protocol. From then on a Relay drives it, or with HTTP/2 an H2Client.
//
//   proxy port:     relay (kProxy) ──CONNECT──> sniff ─> [TLS] ─> relay (kSite)
//                   or SOCKS ─────────────────> sniff …
//   captured port:  sniff ─> [TLS] ─> relay (kSite, or kHost when only the request can tell)
//   opaque sites:   from each of the three, instead of the sniffing: a tunnel
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/stream.h"
#include "net/turns.h"
#include "proxy/h2_client.h"
#include "proxy/relay.h"
#include "proxy/socks.h"
#include "proxy/tunnel.h"
#include "proxy/world.h"

namespace aileron::proxy {

class Client final : public net::Channel::Owner, public std::enable_shared_from_this<Client> {
 public:
  using OnClosed = std::function<void(Client&)>;

  // `from` is the client's own end, `destination` where it believes it connected to. `on_closed` is
  // called once, from the loop, unless the connection is destroyed before.
  static std::shared_ptr<Client> Start(World& world, os::Fd socket, ListenerKind kind,
                                       const net::Endpoint& from, const net::Endpoint& destination,
                                       OnClosed on_closed);
  // One whose requests are for `site`, and come in plain: the daemon's own, and those for it.
  static std::shared_ptr<Client> Serve(World& world, os::Fd socket, Site site, OnClosed on_closed);
  Client(World& world, OnClosed on_closed);

  // Ends what is open because of that rule, and only that.
  void Cut(const std::string& rule);

 private:
  enum class Phase : std::uint8_t {
    kFirst,  // of the proxy port: SOCKS or HTTP
    kSocks,
    kAdmission,  // the daemon or the site is waited for
    kSniff,
    kHandshake,
    kRelay,    // relay_ has the connection
    kHttp2,    // requests_ has it
    kTunnel,   // tunnel_ has it
    kClosing,  // nothing can be said
    kLinger,
    kDone
  };

  void OnChannel(net::Channel&) override { Pump(); }
  void Pump();
  bool Step();
  void ArmTimer();
  void Finish();

  // Finding out what the connection is.
  void EnterCaptured(const net::Endpoint& destination);
  void EnterTunnel();
  void BeginSniffing();
  bool SniffMore();
  void BeginTls();
  bool ShakeHands();
  net::HelloAnswer OnHello(const net::Hello& hello, net::Identity& identity);
  bool ChooseName(std::string_view name);
  void ConnectAhead(HttpVersion version);
  void FetchLeaf();
  Exchange::Mode ModeFor(Scheme scheme);
  void BeginExchange(Scheme scheme);
  void BeginHttp2(Scheme scheme);
  void OnHttp2Done(std::unique_ptr<net::Stream> stream);
  void StartRelay(Exchange::Mode mode);
  void OnRelayDone(Relay::Outcome outcome);
  void RefuseConnection(std::string_view code, std::string_view detail);

  // SOCKS, and opaque sites.
  bool ChooseProxyProtocol();
  bool RunSocks();
  bool SayInSocks();
  void EnterBySocks();
  void AskAdmission();
  void OnAdmission(const Verdict& verdict);
  void AdmitToSniffing();
  void OpenOpaque(const Verdict& verdict);
  void RefuseAdmission(const Refusal& refusal, SocksReply reply);
  void BeginTunnel(std::unique_ptr<net::Channel> upstream, const std::string& rule);

  bool FinishClosing();
  bool DrainClient();

  World& world_;
  OnClosed on_closed_;
  Phase phase_ = Phase::kSniff;
  std::unique_ptr<net::Stream> client_;
  std::shared_ptr<Relay> relay_;
  std::unique_ptr<H2Client> requests_;
  std::unique_ptr<SocksConversation> socks_;
  std::unique_ptr<Upstreams::Opening> opening_;
  std::string opening_rule_;  // which lets it connect
  std::unique_ptr<Tunnel> tunnel_;
  net::Timer timer_;

  ClientEnds ends_;
  Site site_;
  // What site_.host is: kName: the client named it; kLiteral: an address that a better name may
  // replace; kNone: a synthetic address whose name nobody remembers.
  enum class Known : std::uint8_t { kName, kLiteral, kNone };
  Known known_ = Known::kName;
  std::string sniffed_;
  std::string hello_name_;
  std::string leaf_error_;
  bool leaf_ahead_ = false;  // it was asked for before the hello
  bool hello_heard_ = false;
  std::optional<Refusal> refuse_all_;

  Phase timed_phase_ = Phase::kDone;
  net::Turns turns_;
};

}  // namespace aileron::proxy
