// Client: the driver of one client connection. It moves bytes between the client's stream, the
// upstream's and the Exchange, and carries out what the exchange says; it decides only what a
// connection is: TLS or not, and for which name.
//
//   proxy port:     exchange (kProxy) ──CONNECT──> sniff ─> [TLS] ─> exchange (kSite)
//   captured port:  sniff ─> [TLS] ─> exchange (kSite, or kHost when only the request can tell)
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "net/stream.h"
#include "proxy/exchange.h"
#include "proxy/leaf_cache.h"
#include "proxy/names.h"
#include "proxy/permit_client.h"
#include "proxy/upstream.h"

namespace aileron::proxy {

// What connections share. All of it outlives them.
struct World {
  net::Loop& loop;
  PermitClient& permits;
  LeafCache& leafs;
  Upstreams& upstreams;
  SyntheticNames& names;
  net::TlsServer& tls;
};

class Client final : public net::Stream::Owner, public std::enable_shared_from_this<Client> {
 public:
  using OnClosed = std::function<void(Client&)>;

  // `destination` is where the client believes it connected to. `on_closed` is called once, from
  // the loop, unless the connection is destroyed before.
  static std::shared_ptr<Client> Start(World& world, os::Fd socket, ListenerKind kind,
                                       const net::Endpoint& destination, OnClosed on_closed);
  Client(World& world, ListenerKind kind, OnClosed on_closed);

 private:
  enum class Phase : std::uint8_t {
    kExchange,
    kEntering,
    kSniff,
    kHandshake,
    kClosing,
    kLinger,
    kDone
  };

  void OnStream(net::Stream& stream) override;
  void Pump();
  bool Step();
  void OnTimer();
  void ArmTimer(bool moved);

  // Finding out what the connection is.
  void EnterCaptured(const net::Endpoint& destination);
  void EnterTunnel();
  bool SniffMore();
  void BeginTls();
  bool ShakeHands();
  net::HelloAnswer OnHello(std::string_view name, net::Identity& identity);
  bool ChooseName(std::string_view name);
  void FetchLeaf();
  void BeginExchange(Scheme scheme);
  void RefuseConnection(std::string_view code, std::string_view detail);

  // Moving bytes.
  bool RunExchange();
  bool ReadClient();
  bool ReadUpstream();
  bool WriteClient();
  bool WriteUpstream();
  void ClientBroken();
  bool RunCommands();
  void Do(Exchange::Command command);
  void OpenUpstream(bool pooled);
  bool FinishClosing();
  bool DrainClient();
  void Finish();

  World& world_;
  ListenerKind kind_;
  OnClosed on_closed_;
  Phase phase_ = Phase::kSniff;
  std::unique_ptr<net::Stream> client_;
  std::unique_ptr<net::Stream> upstream_;
  std::unique_ptr<Upstreams::Opening> opening_;
  std::unique_ptr<Exchange> exchange_;
  net::Timer timer_;

  Site site_;
  // What site_.host is: kName: the client named it; kLiteral: an address that a better name may
  // replace; kNone: a synthetic address whose name nobody remembers.
  enum class Known : std::uint8_t { kName, kLiteral, kNone };
  Known known_ = Known::kName;
  std::string sniffed_;
  std::string hello_name_;
  std::string leaf_error_;
  bool leaf_asked_ = false;
  std::optional<Refusal> refuse_all_;

  Exchange::Wait waiting_for_ = Exchange::Wait::kNothing;
  Phase timed_phase_ = Phase::kDone;
  net::Stream::Ending ending_ = net::Stream::Ending::kWhole;
  bool pumping_ = false;
  bool again_ = false;
  bool scheduled_ = false;
  bool client_ended_ = false;
  bool client_broken_ = false;
  bool end_upstream_ = false;  // after to_upstream is written
  bool end_client_ = false;
};

}  // namespace aileron::proxy
