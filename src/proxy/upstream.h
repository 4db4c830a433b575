// Upstreams: opens connections to sites, and keeps idle ones for the next request.
//
//   resolve (or --connect-to) → drop forbidden addresses → connect → TLS, verified → a channel
//   with an upstream proxy:      connect to it → CONNECT → TLS, verified
//   aileron.internal:            a plain connection that the daemon makes
//
// A plain http:// site is spoken to through a proxy in absolute form, as proxies expect it (many
// take CONNECT for TLS ports alone): then the connection is the proxy's, and the site's requests
// alone go over it. What a name behind a proxy leads to is not seen here: names that are private by
// their form, and forbidden literals, are refused.
//
// The addresses that were checked are the ones connected to: nothing is resolved twice. A site's
// connections serve that site only, and of one identity that identity only. Whoever speaks HTTP/2
// gets a stream of the connection that all such requests share, or HTTP/1.1 when the site has
// nothing better; whoever speaks HTTP/1.1 gets HTTP/2 only from a site that knows nothing else.
// Without TLS the site is taken to speak what the client speaks. A connection can be opened ahead
// of the request that will want it, once a verdict has allowed the site.
#pragma once

#include <expected>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/connect.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "proxy/h2_pool.h"
#include "proxy/permit.h"
#include "proxy/permit_client.h"
#include "proxy/proxy_tunnel.h"
#include "proxy/refusal.h"
#include "proxy/site.h"

namespace aileron::proxy {

class Upstreams {
 public:
  using Opened = std::expected<std::unique_ptr<net::Channel>, Refusal>;
  using OnOpened = std::function<void(Opened)>;

  // One connection being opened. Destroying it cancels.
  class Opening;

  // `permits` give the connections to kInternalHost, and a proxy's credential.
  Upstreams(net::Loop& loop, net::Resolver& resolver, net::TlsClient& tls, PermitClient& permits,
            std::vector<ConnectTo> connect_to, const Timeouts& timeouts);
  ~Upstreams();

  // From now on through `proxy`.
  void UseProxy(UpstreamProxy proxy) { proxy_ = std::move(proxy); }

  // An idle connection to the site, or a stream on a shared one, or null. The caller becomes its
  // owner (Channel::set_owner).
  std::unique_ptr<net::Channel> Take(const Site& site, HttpVersion version);
  // `channel` can carry another exchange. A stream of a shared connection is let go.
  void Keep(const Site& site, std::unique_ptr<net::Channel> channel);
  void CloseIdle();

  // Begins to open a connection to the site, unless there is one: for Open, or to be kept idle.
  void OpenAhead(const Site& site, AddressRule rule, HttpVersion version);

  // Calls `on_opened` once, from the loop, unless the Opening is destroyed before. `on_opened` may
  // destroy it, and becomes the stream's owner.
  std::unique_ptr<Opening> Open(const Site& site, AddressRule rule, HttpVersion version,
                                OnOpened on_opened);

 private:
  class Idle;
  static std::string KeyOf(const Site& site);
  void KeepAhead(const std::string& key, const Site& site, Opened opened);
  void Drop(Idle& idle);
  void DropOld();
  HttpVersion VersionFor(const Site& site, const std::string& key, HttpVersion version) const;
  std::unique_ptr<net::Stream> TakeIdle(const std::string& key);
  void Lead(const std::string& key, Opening& opening);
  void Led(const std::string& key, Opening& opening);

  net::Loop& loop_;
  net::Resolver& resolver_;
  net::TlsClient& tls_;
  PermitClient& permits_;
  std::vector<ConnectTo> connect_to_;
  Timeouts timeouts_;
  UpstreamProxy proxy_;
  std::list<std::unique_ptr<Idle>> idle_;  // the longest idle first
  std::unordered_map<std::string, std::vector<Idle*>> by_site_;
  std::unordered_map<std::string, std::unique_ptr<Opening>> ahead_;  // by site, and wanted by none
  net::Timer old_;
  H2Pool shared_;
  // Openings for HTTP/2, by site: the first one connects, the others wait for what it finds.
  std::unordered_map<std::string, std::vector<Opening*>> opening_;
  std::unordered_map<std::string, HttpVersion> only_;  // sites that know one version alone
};

class Upstreams::Opening final : private net::Channel::Owner {
 public:
  Opening(Upstreams& upstreams, Site site, AddressRule rule, HttpVersion version,
          OnOpened on_opened);
  ~Opening();

  // Whether it is what a request under `rule` would open.
  bool Fits(AddressRule rule, HttpVersion version) const {
    return rule_ == rule && asked_ == version;
  }
  // Another is told, instead of who was to be.
  void Tell(OnOpened on_opened) { on_opened_ = std::move(on_opened); }

 private:
  friend class Upstreams;
  void Begin();
  void BeginInternal();
  const ConnectTo* Redirected() const;
  void Resolve(const std::string& name, std::uint16_t port);
  void BeginThroughProxy(const ConnectTo* redirected);
  Status CheckLiteral(const net::Endpoint& endpoint) const;
  void FailForbidden(std::string why);
  void TunnelReady(ProxyTunnel::Outcome outcome);
  void Secure();
  void Resolved(Result<net::Resolver::Answer> answer);
  void Connect(const std::vector<net::Endpoint>& addresses,
               net::ConnectAttempt::More more = net::ConnectAttempt::More::kNone);
  void Connected(Result<net::Connected> connected);
  void OnChannel(net::Channel&) override;
  void Shaken();
  void Learn(HttpVersion only);
  void Again(HttpVersion version);
  void Finish(Opened opened);
  void Fail(std::string code, std::string reason, std::string hint, int status = 502);

  Upstreams& upstreams_;
  Site site_;
  AddressRule rule_;
  HttpVersion asked_;
  HttpVersion version_;  // what the site is known to speak instead, or the same
  std::string key_;
  OnOpened on_opened_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // callbacks of the resolver look at it
  bool through_proxy_ = false;
  std::string tunnel_to_;  // authority; empty: no CONNECT
  std::unique_ptr<ProxyTunnel> tunnel_;
  std::string forbidden_;  // why an address of the name is
  std::unique_ptr<net::ConnectAttempt> attempt_;
  std::unique_ptr<net::Stream> stream_;
  net::Timer deadline_;
};

}  // namespace aileron::proxy
