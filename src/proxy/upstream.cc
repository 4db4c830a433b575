// Tested by src/proxy/data_plane_test.cc.

#include "proxy/upstream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/host_pattern.h"
#include "policy/network.h"
#include "proxy/limits.h"

namespace aileron::proxy {

namespace {

policy::AddressRule PolicyRule(AddressRule rule) {
  return rule == AddressRule::kAny ? policy::AddressRule::kAny : policy::AddressRule::kPublicOnly;
}

// An answer may be silent for as long as it likes, but not from a peer that is gone.
void ProbeWhenSilent(int socket) {
  const auto set = [&](int level, int name, int value) {
    (void)setsockopt(socket, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, limits::probe_after_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, limits::probe_every_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, limits::probes);
}

}  // namespace

// --- idle connections

class Upstreams::Idle final : public net::Channel::Owner {
 public:
  Idle(Upstreams& upstreams, std::string key, std::unique_ptr<net::Stream> stream)
      : upstreams_(upstreams), key_(std::move(key)), stream_(std::move(stream)) {
    stream_->set_owner(*this);
    since_ = upstreams.loop_.now();
  }
  void OnChannel(net::Channel&) override {
    if (stream_->Stale()) upstreams_.Drop(*this);
  }
  const std::string& key() const { return key_; }
  net::Instant since() const { return since_; }
  net::Stream& stream() { return *stream_; }
  std::unique_ptr<net::Stream> Take() { return std::move(stream_); }

 private:
  Upstreams& upstreams_;
  std::string key_;
  std::unique_ptr<net::Stream> stream_;
  net::Instant since_;
};

Upstreams::Upstreams(net::Loop& loop, net::Resolver& resolver, net::TlsClient& tls,
                     PermitClient& permits, std::vector<ConnectTo> connect_to,
                     const Timeouts& timeouts)
    : loop_(loop),
      resolver_(resolver),
      tls_(tls),
      permits_(permits),
      connect_to_(std::move(connect_to)),
      timeouts_(timeouts),
      old_(loop, [this] { DropOld(); }),
      shared_(loop) {}

Upstreams::~Upstreams() = default;

std::string Upstreams::KeyOf(const Site& site) {
  return site.Key(static_cast<char>('0' + static_cast<int>(site.scheme))) + site.identity;
}

std::unique_ptr<net::Channel> Upstreams::Take(const Site& site, HttpVersion version) {
  const std::string key = KeyOf(site);
  if (VersionFor(site, key, version) == HttpVersion::k2) {
    if (auto stream = shared_.Take(key)) return stream;
    if (site.scheme == Scheme::kHttp) return nullptr;
  }
  return TakeIdle(key);
}

// What is spoken to a site when its client speaks `version`.
HttpVersion Upstreams::VersionFor(const Site& site, const std::string& key,
                                  HttpVersion version) const {
  // The daemon speaks nothing else; and a plain site behind a proxy is asked for in absolute form,
  // which proxies know in HTTP/1.1.
  if (site.host == kInternalHost) return HttpVersion::k1;
  if (site.scheme == Scheme::kHttp && proxy_.Serves(site.host)) return HttpVersion::k1;
  const auto only = only_.find(key);
  return only == only_.end() ? version : only->second;
}

std::unique_ptr<net::Stream> Upstreams::TakeIdle(const std::string& key) {
  const auto found = by_site_.find(key);
  if (found == by_site_.end()) return nullptr;
  // The youngest is the least likely to have been closed by the other side.
  while (!found->second.empty()) {
    Idle& idle = *found->second.back();
    const bool stale = idle.stream().Stale();
    std::unique_ptr<net::Stream> stream = stale ? nullptr : idle.Take();
    const bool last = found->second.size() == 1;
    Drop(idle);
    if (stream) return stream;
    if (last) break;
  }
  return nullptr;
}

void Upstreams::Keep(const Site& site, std::unique_ptr<net::Channel> channel) {
  auto* connection = dynamic_cast<net::Stream*>(channel.get());
  if (connection == nullptr) return;
  (void)channel.release();
  std::unique_ptr<net::Stream> stream(connection);
  std::string key = KeyOf(site);
  auto& siblings = by_site_[key];
  if (siblings.size() >= limits::pool_per_host_max) return;
  if (idle_.size() >= limits::pool_max) Drop(*idle_.front());
  auto& kept = idle_.emplace_back(std::make_unique<Idle>(*this, std::move(key), std::move(stream)));
  by_site_[kept->key()].push_back(kept.get());
  if (!old_.armed()) old_.Set(timeouts_.pool);
}

void Upstreams::Drop(Idle& idle) {
  const auto siblings = by_site_.find(idle.key());
  std::erase(siblings->second, &idle);
  if (siblings->second.empty()) by_site_.erase(siblings);
  // The youngest are dropped most often: they were taken.
  for (auto at = idle_.end(); at != idle_.begin();) {
    if ((--at)->get() != &idle) continue;
    idle_.erase(at);
    return;
  }
}

void Upstreams::DropOld() {
  while (!idle_.empty() && idle_.front()->since() + timeouts_.pool <= loop_.now()) {
    Drop(*idle_.front());
  }
  if (!idle_.empty()) old_.Set(idle_.front()->since() + timeouts_.pool - loop_.now());
}

void Upstreams::CloseIdle() {
  ahead_.clear();
  by_site_.clear();
  idle_.clear();
  shared_.Shutdown();
}

// --- opening

void Upstreams::OpenAhead(const Site& site, AddressRule rule, HttpVersion version) {
  std::string key = KeyOf(site);
  if (by_site_.contains(key) || shared_.Has(key) || ahead_.size() >= limits::ahead_max) return;
  auto& opening = ahead_[key];
  if (opening) return;
  opening = Open(site, rule, version,
                 [this, key, site](Opened opened) { KeepAhead(key, site, std::move(opened)); });
}

// A failure is told to nobody: the request that follows meets its own.
void Upstreams::KeepAhead(const std::string& key, const Site& site, Opened opened) {
  const auto done = ahead_.extract(key);  // it calls, and dies at the end of this
  if (opened) Keep(site, std::move(*opened));
}

std::unique_ptr<Upstreams::Opening> Upstreams::Open(const Site& site, AddressRule rule,
                                                    HttpVersion version, OnOpened on_opened) {
  if (const auto found = ahead_.find(KeyOf(site));
      found != ahead_.end() && found->second && found->second->Fits(rule, version)) {
    auto opening = std::move(found->second);
    ahead_.erase(found);
    opening->Tell(std::move(on_opened));
    return opening;
  }
  return std::make_unique<Opening>(*this, site, rule, version, std::move(on_opened));
}

Upstreams::Opening::Opening(Upstreams& upstreams, Site site, AddressRule rule, HttpVersion version,
                            OnOpened on_opened)
    : upstreams_(upstreams),
      site_(std::move(site)),
      rule_(rule),
      asked_(version),
      version_(version),
      key_(KeyOf(site_)),
      on_opened_(std::move(on_opened)),
      deadline_(upstreams.loop_, [this] {
        Fail("upstream_timeout",
             fmt::format("the TLS handshake with {} took too long", site_.Authority()),
             "try again later", 504);
      }) {
  version_ = upstreams.VersionFor(site_, key_, version);
  if (version_ == HttpVersion::k2) {
    upstreams.Lead(key_, *this);
  } else {
    Again(version_);
  }
}

Upstreams::Opening::~Opening() {
  if (version_ == HttpVersion::k2) upstreams_.Led(key_, *this);
}

// From the loop: who opens does not hear of it before it has the Opening.
void Upstreams::Opening::Again(HttpVersion version) {
  version_ = version;
  const std::weak_ptr<int> alive = alive_;
  upstreams_.loop_.Post([this, alive] {
    if (!alive.expired()) Begin();
  });
}

void Upstreams::Lead(const std::string& key, Opening& opening) {
  opening.version_ = HttpVersion::k2;
  auto& openings = opening_[key];
  openings.push_back(&opening);
  if (openings.size() == 1) opening.Again(HttpVersion::k2);
}

// The first has found what the site speaks, has failed or was given up; or one that waited was.
void Upstreams::Led(const std::string& key, Opening& opening) {
  const auto found = opening_.find(key);
  if (found == opening_.end()) return;
  const bool first = found->second.front() == &opening;
  std::erase(found->second, &opening);
  std::vector<Opening*> waiting = first ? std::move(found->second) : std::vector<Opening*>();
  if (first || found->second.empty()) opening_.erase(found);
  const auto only = only_.find(key);
  for (Opening* next : waiting) {
    next->Again(only == only_.end() ? HttpVersion::k2 : only->second);
  }
}

const ConnectTo* Upstreams::Opening::Redirected() const {
  for (const ConnectTo& entry : upstreams_.connect_to_) {
    if (entry.host == site_.host && entry.port == site_.port) return &entry;
  }
  return nullptr;
}

void Upstreams::Opening::Begin() {
  if (version_ == HttpVersion::k2) {
    if (auto stream = upstreams_.shared_.Take(key_)) return Finish(std::move(stream));
  }
  if (site_.host == kInternalHost) return BeginInternal();
  const ConnectTo* redirected = Redirected();
  if (upstreams_.proxy_.Serves(site_.host)) return BeginThroughProxy(redirected);
  if (redirected != nullptr) {
    if (const auto address = net::Endpoint::Parse(redirected->address, redirected->to_port))
      return Connect({*address});
    // A name as the target: whoever started the session wrote it, so any address of it will do.
    rule_ = AddressRule::kAny;
    return Resolve(redirected->address, redirected->to_port);
  }
  if (const auto address = net::Endpoint::Parse(site_.host, site_.port)) {
    return Resolved(net::Resolver::Answer{.addresses = {*address}});
  }
  Resolve(site_.host, site_.port);
}

void Upstreams::Opening::BeginInternal() {
  upstreams_.permits_.AskApi([this, alive = std::weak_ptr(alive_)](Result<os::Fd> socket) {
    if (alive.expired()) return;
    if (!socket) {
      return Fail("api_unavailable", std::move(socket.error().message),
                  "see \"aileron status\" on the host, and try again", 503);
    }
    auto stream = net::Stream::Make(upstreams_.loop_, std::move(*socket), *this);
    if (!stream) return Fail("api_unavailable", stream.error().message, "", 503);
    Finish(std::move(*stream));
  });
}

void Upstreams::Opening::Resolve(const std::string& name, std::uint16_t port) {
  const std::weak_ptr<int> alive = alive_;
  upstreams_.resolver_.Resolve(name, port, [this, alive](auto answer) {
    if (!alive.expired()) Resolved(std::move(answer));
  });
}

// The same question as the daemon asks for a verdict's `forward`: absolute form is for plain sites
// that nothing redirects.
void Upstreams::Opening::BeginThroughProxy(const ConnectTo* redirected) {
  const UpstreamProxy& proxy = upstreams_.proxy_;
  if (redirected != nullptr) {
    tunnel_to_ = FormatHostPort(redirected->address, redirected->to_port);
  } else {
    const auto literal = net::Endpoint::Parse(site_.host, site_.port);
    const Status permitted =
        literal ? CheckLiteral(*literal) : policy::CheckUnresolved(site_.host, PolicyRule(rule_));
    if (!permitted) return FailForbidden(permitted.error().message);
    if (site_.scheme != Scheme::kHttp) tunnel_to_ = FormatHostPort(site_.host, site_.port);
  }
  through_proxy_ = true;
  rule_ = AddressRule::kAny;  // from here on for the proxy's own name, which the user wrote
  if (const auto address = net::Endpoint::Parse(proxy.host, proxy.port)) return Connect({*address});
  Resolve(proxy.host, proxy.port);
}

Status Upstreams::Opening::CheckLiteral(const net::Endpoint& endpoint) const {
  const auto bytes = endpoint.bytes();
  std::array<std::uint8_t, 16> octets{};
  std::copy(bytes.begin(), bytes.end(), octets.begin());
  const policy::Address address =
      endpoint.is_v6() ? policy::Address::V6(octets)
                       : policy::Address::V4({octets[0], octets[1], octets[2], octets[3]});
  return policy::CheckAddress(address, PolicyRule(rule_), site_.host);
}

void Upstreams::Opening::FailForbidden(std::string why) {
  Fail("address_not_public", std::move(why),
       fmt::format("if that is meant: aileron launch --allow {}", site_.host), 403);
}

// Comes a second time when one family's addresses were late: they join those being tried, unless
// one has answered.
void Upstreams::Opening::Resolved(Result<net::Resolver::Answer> answer) {
  using Rest = net::Resolver::Answer::Rest;
  if (stream_ || tunnel_) return;
  if (!answer && through_proxy_) {
    return Fail("upstream_proxy_unreachable", "the upstream proxy: " + answer.error().message,
                "check --upstream-proxy, and the network of the host");
  }
  if (!answer) {
    return Fail(answer.error().code == Code::kNotFound ? "name_not_found" : "name_not_resolved",
                answer.error().message, "check the name, and the network of the host");
  }
  std::vector<net::Endpoint> permitted;
  for (const net::Endpoint& endpoint : answer->addresses) {
    const Status status = CheckLiteral(endpoint);
    if (!status) {
      forbidden_ = status.error().message;
    } else if (permitted.size() < limits::addresses_max / 2) {
      permitted.push_back(endpoint);
    }
  }
  if (attempt_) return attempt_->Add(permitted);
  const bool more = answer->rest == Rest::kMore;
  if (!permitted.empty()) {
    Connect(permitted,
            more ? net::ConnectAttempt::More::kExpected : net::ConnectAttempt::More::kNone);
  } else if (!more) {
    FailForbidden(std::move(forbidden_));
  }
}

void Upstreams::Opening::Connect(const std::vector<net::Endpoint>& addresses,
                                 net::ConnectAttempt::More more) {
  attempt_ = std::make_unique<net::ConnectAttempt>(
      upstreams_.loop_, addresses, upstreams_.timeouts_.connect,
      [this](Result<net::Connected> connected) { Connected(std::move(connected)); }, more);
}

void Upstreams::Opening::Connected(Result<net::Connected> connected) {
  const auto attempt = std::move(attempt_);
  const UpstreamProxy& proxy = upstreams_.proxy_;
  if (!connected && through_proxy_) {
    return Fail("upstream_proxy_unreachable",
                fmt::format("cannot connect to the upstream proxy {}: {}",
                            FormatHostPort(proxy.host, proxy.port), connected.error().message),
                "check --upstream-proxy, and that the proxy is up");
  }
  if (!connected) {
    return Fail(
        "upstream_unreachable",
        fmt::format("cannot connect to {}: {}", site_.Authority(), connected.error().message),
        "check that the site is up");
  }
  ProbeWhenSilent(connected->socket.get());
  auto stream = net::Stream::Make(upstreams_.loop_, std::move(connected->socket), *this);
  if (!stream) return Fail("upstream_unreachable", stream.error().message, "");
  if (!tunnel_to_.empty()) {
    tunnel_ = std::make_unique<ProxyTunnel>(
        upstreams_.loop_, upstreams_.permits_, proxy, tunnel_to_, std::move(*stream),
        upstreams_.timeouts_.connect,
        [this](ProxyTunnel::Outcome outcome) { TunnelReady(std::move(outcome)); });
    return tunnel_->Begin();
  }
  stream_ = std::move(*stream);
  Secure();
}

void Upstreams::Opening::TunnelReady(ProxyTunnel::Outcome outcome) {
  const auto tunnel = std::move(tunnel_);
  if (!outcome) return Finish(std::unexpected(std::move(outcome.error())));
  stream_ = std::move(*outcome);
  stream_->set_owner(*this);
  Secure();
}

void Upstreams::Opening::Secure() {
  if (site_.scheme != Scheme::kHttps) return Shaken();
  std::optional<net::ClientCertificate> certificate;
  if (site_.certificate) {
    auto read = net::ClientCertificate::FromPem(site_.certificate->secret.Reveal());
    if (!read) {
      return Fail("credential_unusable",
                  fmt::format("the client certificate for {} cannot be used: {}", site_.Authority(),
                              read.error().message),
                  "store key and certificate again with \"aileron secret set\" on the host");
    }
    certificate = std::move(*read);
  }
  const net::Alpn offer = version_ == HttpVersion::k2 ? net::Alpn::kHttp2 : net::Alpn::kHttp1;
  if (auto started = stream_->StartClient(upstreams_.tls_, site_.host, site_.port, offer,
                                          certificate ? &*certificate : nullptr);
      !started) {
    return Fail("upstream_tls", started.error().message, "");
  }
  deadline_.Set(upstreams_.timeouts_.tls);
  OnChannel(*stream_);
}

void Upstreams::Opening::OnChannel(net::Channel&) {
  switch (stream_->Handshake()) {
    case net::Io::kDone:
      return Shaken();
    case net::Io::kBlocked:
      return;
    default:
      if (stream_->protocol_refused() && version_ == HttpVersion::k1) {
        // It speaks HTTP/2 and nothing else.
        Learn(HttpVersion::k2);
        deadline_.Cancel();
        stream_.reset();
        return upstreams_.Lead(key_, *this);
      }
      return Fail(stream_->untrusted() ? "upstream_certificate" : "upstream_tls",
                  fmt::format("cannot speak TLS with {}: {}", site_.Authority(), stream_->error()),
                  stream_->untrusted() ? "if the site has a certificate authority of its own: "
                                         "aileron launch --upstream-ca FILE"
                                       : "");
  }
}

void Upstreams::Opening::Shaken() {
  const bool agreed = site_.scheme != Scheme::kHttps || stream_->protocol() == net::Alpn::kHttp2;
  if (version_ == HttpVersion::k2 && agreed) {
    return Finish(upstreams_.shared_.Add(key_, site_.scheme, std::move(stream_)));
  }
  if (version_ == HttpVersion::k2) Learn(HttpVersion::k1);
  Finish(std::move(stream_));
}

void Upstreams::Opening::Learn(HttpVersion only) {
  if (upstreams_.only_.size() >= limits::sites_learned_max) upstreams_.only_.clear();
  upstreams_.only_[key_] = only;
}

void Upstreams::Opening::Fail(std::string code, std::string reason, std::string hint, int status) {
  Finish(std::unexpected(Refusal{.status = status,
                                 .code = std::move(code),
                                 .reason = std::move(reason),
                                 .hint = std::move(hint)}));
}

void Upstreams::Opening::Finish(Opened opened) {
  deadline_.Cancel();
  if (version_ == HttpVersion::k2) upstreams_.Led(key_, *this);
  const OnOpened on_opened = std::move(on_opened_);
  on_opened(std::move(opened));  // may destroy this
}

}  // namespace aileron::proxy
