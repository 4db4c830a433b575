// ProxyTunnel: asks an upstream proxy, over a connection to it, for a tunnel to one place.
//
//   credential, if it wants one → CONNECT authority → 2xx: the connection is the tunnel
//
// The proxy's answer is read as strictly as a site's. What it refuses is told with its own words;
// its credential is written into memory that is wiped.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "http/h1.h"
#include "net/stream.h"
#include "proxy/permit_client.h"
#include "proxy/refusal.h"
#include "proxy/upstream_proxy.h"

namespace aileron::proxy {

class ProxyTunnel final : private net::Channel::Owner {
 public:
  using Outcome = std::expected<std::unique_ptr<net::Stream>, Refusal>;
  using OnDone = std::function<void(Outcome)>;

  // `to` is host:port; the proxy has `patience` to answer. Calls `on_done` once unless it is
  // destroyed before; `on_done` may destroy it, and becomes the stream's owner.
  ProxyTunnel(net::Loop& loop, PermitClient& permits, const UpstreamProxy& proxy, std::string to,
              std::unique_ptr<net::Stream> stream, net::Interval patience, OnDone on_done);
  void Begin();

 private:
  void OnChannel(net::Channel& channel) override;
  void Send(const std::shared_ptr<const Credential>& credential);
  bool Write();
  bool Read();
  void Judge();
  void Fail(std::string code, std::string reason, std::string hint, int status = 502);
  void Finish(Outcome outcome);
  std::string Name() const;

  PermitClient& permits_;
  UpstreamProxy proxy_;
  std::string to_;
  std::unique_ptr<net::Stream> stream_;
  net::Interval patience_;
  OnDone on_done_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // the answer of the daemon looks at it
  net::Timer deadline_;
  ByteBuffer request_;
  ByteBuffer answer_;
  bool sent_ = false;
  http::ResponseParser parser_;
  http::ResponseHead head_;
};

}  // namespace aileron::proxy
