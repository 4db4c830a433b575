// DnsServer: answers the sandbox's DNS on one UDP socket or TCP listener (dns.h has the rules).
//
// UDP answers leave from the address that was asked, since resolvers connect their sockets. Names
// that a rule denies do not exist; beyond limits::names_max names a session gets SERVFAIL, and one
// record says so.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "net/loop.h"
#include "net/stream.h"
#include "proxy/dns.h"
#include "proxy/listener.h"
#include "proxy/names.h"
#include "proxy/permit_client.h"

namespace aileron::proxy {

// Answers one query; what UDP and TCP share.
class DnsAnswerer {
 public:
  using OnReply = std::function<void(std::string)>;
  DnsAnswerer(PermitClient& permits, SyntheticNames& names) : permits_(permits), names_(names) {}
  // Calls `on_reply` at most once, perhaps from within; never for what deserves no answer.
  void Answer(std::string_view packet, OnReply on_reply);

 private:
  std::string Reply(const DnsQuestion& question);
  PermitClient& permits_;
  SyntheticNames& names_;
  bool told_full_ = false;
};

class DnsUdp final : private net::Loop::Handler {
 public:
  DnsUdp(net::Loop& loop, os::Fd socket, DnsAnswerer& answerer);
  ~DnsUdp();
  Status Start();

 private:
  void OnReady(net::Readiness ready) override;
  bool ReceiveOne();

  net::Loop& loop_;
  os::Fd socket_;
  DnsAnswerer& answerer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // answers that come later look at it
  net::Timer retry_;
  bool watched_ = false;
};

class DnsTcp {
 public:
  DnsTcp(net::Loop& loop, os::Fd socket, DnsAnswerer& answerer);
  ~DnsTcp();
  Status Start() { return listener_.Start(); }

 private:
  class Peer;
  net::Loop& loop_;
  DnsAnswerer& answerer_;
  std::list<std::shared_ptr<Peer>> peers_;
  ClientListener listener_;
};

}  // namespace aileron::proxy
