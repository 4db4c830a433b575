// Relay: the driver of one Exchange. It moves bytes between the client's channel, the upstream's
// and the exchange, carries out what the exchange says, and keeps its time; it decides nothing.
//
//   client's channel ⇄ exchange ⇄ upstream's channel
//
// A channel is a connection or one stream of an HTTP/2 connection, which speaks HTTP/1.1 on this
// side of it.
#pragma once

#include <functional>
#include <memory>

#include "net/channel.h"
#include "net/loop.h"
#include "net/turns.h"
#include "proxy/exchange.h"
#include "proxy/upstream.h"
#include "proxy/world.h"

namespace aileron::proxy {

class Relay final : public net::Channel::Owner, public std::enable_shared_from_this<Relay> {
 public:
  enum class Outcome : std::uint8_t {
    kTunnel,  // CONNECT was answered: what else came is in exchange().from_client()
    kClosed,  // the last byte was written, and the end of it
    kBroken,  // the client takes nothing any more
  };
  using OnDone = std::function<void(Outcome)>;

  // `client` is borrowed until `on_done`, which is called once, from a Pump; it may destroy both.
  // `version` is what the client speaks, `ends` those of its connection.
  static std::shared_ptr<Relay> Make(World& world, net::Channel& client, HttpVersion version,
                                     Exchange::Mode mode, Site site, ClientEnds ends,
                                     OnDone on_done);
  Relay(World& world, net::Channel& client, HttpVersion version, Exchange::Mode mode, Site site,
        ClientEnds ends, OnDone on_done);
  ~Relay() { Forget(); }

  // Goes as far as it can. Calls from within a step become another step.
  void Pump();
  Exchange& exchange() { return exchange_; }
  // Ends the request in work if that rule let it through.
  void Cut(std::string_view rule);
  // After kTunnel: the connection to the site, when the site is opaque.
  std::unique_ptr<net::Channel> TakeUpstream() { return std::move(upstream_); }

 private:
  enum class Phase : std::uint8_t { kExchange, kEntering, kClosing, kDone };

  void OnChannel(net::Channel&) override { Pump(); }
  bool Step();
  bool RunExchange();
  bool ReadClient();
  bool ReadUpstream();
  bool WriteClient();
  bool WriteUpstream();
  void ClientBroken();
  bool RunCommands();
  void Do(Exchange::Command command);
  void AskVerdict();
  void AskRequest();
  void Forget();
  void AskCredential();
  void OpenUpstream(Exchange::Reuse reuse);
  bool FlushThen(Outcome outcome);
  void Finish(Outcome outcome);
  void OnTimer();
  void ArmTimer(bool moved);
  void Await(Timeouts::Length length, bool again);

  World& world_;
  net::Channel& client_;
  HttpVersion version_;
  Exchange exchange_;
  ClientEnds ends_;
  OnDone on_done_;
  std::unique_ptr<net::Channel> upstream_;
  std::unique_ptr<Upstreams::Opening> opening_;
  net::Timer timer_;

  Phase phase_ = Phase::kExchange;
  Phase timed_phase_ = Phase::kDone;
  Exchange::Wait waiting_for_ = Exchange::Wait::kNothing;
  net::Ending ending_ = net::Ending::kWhole;
  Outcome outcome_ = Outcome::kClosed;
  net::Turns turns_;
  std::uint64_t asked_ = 0;  // the question that a person may be asked; 0: none is open
  bool client_ended_ = false;
  bool client_broken_ = false;
  bool end_upstream_ = false;  // after to_upstream is written
  bool end_client_ = false;
};

}  // namespace aileron::proxy
