// Tested by src/proxy/data_plane_test.cc.

#include "proxy/upstream.h"

#include <sys/socket.h>

#include "policy/network.h"
#include "proxy/limits.h"

namespace aileron::proxy {

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
                     std::vector<ConnectTo> connect_to)
    : loop_(loop),
      resolver_(resolver),
      tls_(tls),
      connect_to_(std::move(connect_to)),
      old_(loop, [this] { DropOld(); }),
      shared_(loop) {}

Upstreams::~Upstreams() = default;

std::string Upstreams::KeyOf(const Site& site) {
  return site.Key(static_cast<char>('0' + static_cast<int>(site.scheme)));
}

std::unique_ptr<net::Channel> Upstreams::Take(const Site& site, HttpVersion version) {
  const std::string key = KeyOf(site);
  const auto only = only_.find(key);
  if (only != only_.end()) version = only->second;
  if (version == HttpVersion::k2) {
    if (auto stream = shared_.Take(key)) return stream;
    if (site.scheme == Scheme::kHttp) return nullptr;
  }
  return TakeIdle(key);
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
  AILERON_CHECK(connection != nullptr);
  (void)channel.release();
  std::unique_ptr<net::Stream> stream(connection);
  std::string key = KeyOf(site);
  auto& siblings = by_site_[key];
  if (siblings.size() >= limits::pool_per_host_max) return;
  if (idle_.size() >= limits::pool_max) Drop(*idle_.front());
  auto& kept = idle_.emplace_back(std::make_unique<Idle>(*this, std::move(key), std::move(stream)));
  by_site_[kept->key()].push_back(kept.get());
  if (!old_.armed()) old_.Set(limits::pool_idle);
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
  while (!idle_.empty() && idle_.front()->since() + limits::pool_idle <= loop_.now()) {
    Drop(*idle_.front());
  }
  if (!idle_.empty()) old_.Set(idle_.front()->since() + limits::pool_idle - loop_.now());
}

void Upstreams::CloseIdle() {
  ahead_.clear();
  by_site_.clear();
  idle_.clear();
  shared_.Shutdown();
}

// --- opening

void Upstreams::OpenAhead(const Site& site, AddressRule rule) {
  std::string key = KeyOf(site);
  if (by_site_.contains(key) || only_.contains(key) || ahead_.size() >= limits::ahead_max) return;
  auto& opening = ahead_[key];
  if (opening) return;
  opening = Open(site, rule, HttpVersion::k1,
                 [this, key, site](Opened opened) { KeepAhead(key, site, std::move(opened)); });
}

// A failure is told to nobody: the request that follows meets its own.
void Upstreams::KeepAhead(const std::string& key, const Site& site, Opened opened) {
  const auto done = ahead_.extract(key);  // it calls, and dies at the end of this
  if (!opened) return;
  // A site that knows HTTP/2 alone gave a stream: its connection is in the pool.
  if (dynamic_cast<net::Stream*>(opened->get()) != nullptr) Keep(site, std::move(*opened));
}

std::unique_ptr<Upstreams::Opening> Upstreams::Open(const Site& site, AddressRule rule,
                                                    HttpVersion version, OnOpened on_opened) {
  const auto ahead = version == HttpVersion::k1 ? ahead_.find(KeyOf(site)) : ahead_.end();
  if (ahead != ahead_.end() && ahead->second && ahead->second->rule() == rule) {
    auto opening = std::move(ahead->second);
    ahead_.erase(ahead);
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
      version_(version),
      key_(KeyOf(site_)),
      on_opened_(std::move(on_opened)),
      deadline_(upstreams.loop_, [this] {
        Fail("upstream_timeout",
             fmt::format("the TLS handshake with {} took too long", site_.Authority()),
             "try again later", 504);
      }) {
  if (const auto only = upstreams.only_.find(key_); only != upstreams.only_.end()) {
    version_ = only->second;
  }
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

void Upstreams::Opening::Begin() {
  if (version_ == HttpVersion::k2) {
    if (auto stream = upstreams_.shared_.Take(key_)) return Finish(std::move(stream));
  }
  for (const ConnectTo& entry : upstreams_.connect_to_) {
    if (entry.host != site_.host || entry.port != site_.port) continue;
    if (const auto address = net::Endpoint::Parse(entry.address, entry.to_port))
      return Connect({*address});
    // A name as the target: whoever started the session wrote it, so any address of it will do.
    rule_ = AddressRule::kAny;
    const std::weak_ptr<int> alive = alive_;
    return upstreams_.resolver_.Resolve(entry.address, entry.to_port,
                                        [this, alive](auto addresses) {
                                          if (!alive.expired()) Resolved(std::move(addresses));
                                        });
  }
  if (const auto address = net::Endpoint::Parse(site_.host, site_.port)) {
    return Resolved(std::vector<net::Endpoint>{*address});
  }
  const std::weak_ptr<int> alive = alive_;
  upstreams_.resolver_.Resolve(site_.host, site_.port, [this, alive](auto addresses) {
    if (!alive.expired()) Resolved(std::move(addresses));
  });
}

void Upstreams::Opening::Resolved(Result<std::vector<net::Endpoint>> addresses) {
  if (!addresses) {
    return Fail(addresses.error().code == Code::kNotFound ? "name_not_found" : "name_not_resolved",
                addresses.error().message, "check the name, and the network of the host");
  }
  const auto rule =
      rule_ == AddressRule::kAny ? policy::AddressRule::kAny : policy::AddressRule::kPublicOnly;
  std::vector<net::Endpoint> permitted;
  std::string why;
  for (const net::Endpoint& endpoint : *addresses) {
    const auto bytes = endpoint.bytes();
    std::array<std::uint8_t, 16> octets{};
    std::copy(bytes.begin(), bytes.end(), octets.begin());
    const policy::Address address =
        endpoint.is_v6() ? policy::Address::V6(octets)
                         : policy::Address::V4({octets[0], octets[1], octets[2], octets[3]});
    const Status status = policy::CheckAddress(address, rule, site_.host);
    if (!status) {
      why = status.error().message;
    } else if (permitted.size() < limits::addresses_max) {
      permitted.push_back(endpoint);
    }
  }
  if (permitted.empty()) {
    return Fail("address_not_public", why,
                fmt::format("if that is meant: aileron launch --allow {}", site_.host), 403);
  }
  Connect(std::move(permitted));
}

void Upstreams::Opening::Connect(std::vector<net::Endpoint> addresses) {
  attempt_ = std::make_unique<net::ConnectAttempt>(
      upstreams_.loop_, std::move(addresses), limits::connect_timeout,
      [this](Result<net::Connected> connected) { Connected(std::move(connected)); });
}

void Upstreams::Opening::Connected(Result<net::Connected> connected) {
  const auto attempt = std::move(attempt_);
  if (!connected) {
    return Fail(
        "upstream_unreachable",
        fmt::format("cannot connect to {}: {}", site_.Authority(), connected.error().message),
        "check that the site is up");
  }
  const int yes = 1;
  setsockopt(connected->socket.get(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  auto stream = net::Stream::Make(upstreams_.loop_, std::move(connected->socket), *this);
  if (!stream) return Fail("upstream_unreachable", stream.error().message, "");
  stream_ = std::move(*stream);
  if (site_.scheme != Scheme::kHttps) return Shaken();
  const net::Alpn offer = version_ == HttpVersion::k2 ? net::Alpn::kHttp2 : net::Alpn::kHttp1;
  if (auto started = stream_->StartClient(upstreams_.tls_, site_.host, site_.port, offer);
      !started) {
    return Fail("upstream_tls", started.error().message, "");
  }
  deadline_.Set(limits::tls_timeout);
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
