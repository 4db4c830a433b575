// Upstreams: opens connections to sites, and keeps idle ones for the next request.
//
//   resolve (or --connect-to) → drop forbidden addresses → connect → TLS, verified → a channel
//
// The addresses that were checked are the ones connected to: nothing is resolved twice. A site's
// connections serve that site only. Whoever speaks HTTP/2 gets a stream of the connection that all
// such requests share, or HTTP/1.1 when the site has nothing better; whoever speaks HTTP/1.1 gets
// HTTP/2 only from a site that knows nothing else. Without TLS the site is taken to speak what the
// client speaks. A connection for HTTP/1.1 can be opened ahead of the request that will want it,
// once a verdict has allowed the site.
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
#include "proxy/refusal.h"
#include "proxy/site.h"

namespace aileron::proxy {

class Upstreams {
 public:
  using Opened = std::expected<std::unique_ptr<net::Channel>, Refusal>;
  using OnOpened = std::function<void(Opened)>;

  // One connection being opened. Destroying it cancels.
  class Opening;

  Upstreams(net::Loop& loop, net::Resolver& resolver, net::TlsClient& tls,
            std::vector<ConnectTo> connect_to);
  ~Upstreams();

  // An idle connection to the site, or a stream on a shared one, or null. The caller becomes its
  // owner (Channel::set_owner).
  std::unique_ptr<net::Channel> Take(const Site& site, HttpVersion version);
  // `channel` carries another exchange: an idle connection, then.
  void Keep(const Site& site, std::unique_ptr<net::Channel> channel);
  void CloseIdle();

  // Begins to open a connection to the site, unless there is one: for Open, or to be kept idle.
  void OpenAhead(const Site& site, AddressRule rule);

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
  std::unique_ptr<net::Stream> TakeIdle(const std::string& key);
  void Lead(const std::string& key, Opening& opening);
  void Led(const std::string& key, Opening& opening);

  net::Loop& loop_;
  net::Resolver& resolver_;
  net::TlsClient& tls_;
  std::vector<ConnectTo> connect_to_;
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

  AddressRule rule() const { return rule_; }
  // Another is told, instead of who was to be.
  void Tell(OnOpened on_opened) { on_opened_ = std::move(on_opened); }

 private:
  friend class Upstreams;
  void Begin();
  void Resolved(Result<std::vector<net::Endpoint>> addresses);
  void Connect(std::vector<net::Endpoint> addresses);
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
  HttpVersion version_;
  std::string key_;
  OnOpened on_opened_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // callbacks of the resolver look at it
  std::unique_ptr<net::ConnectAttempt> attempt_;
  std::unique_ptr<net::Stream> stream_;
  net::Timer deadline_;
};

}  // namespace aileron::proxy
