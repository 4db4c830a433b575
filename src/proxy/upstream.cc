// Tested by src/proxy/data_plane_test.cc.

#include "proxy/upstream.h"

#include <sys/socket.h>

#include "policy/network.h"
#include "proxy/limits.h"

namespace aileron::proxy {

// --- idle connections

class Upstreams::Idle final : public net::Stream::Owner {
 public:
  Idle(Upstreams& upstreams, std::string key, std::unique_ptr<net::Stream> stream)
      : upstreams_(upstreams), key_(std::move(key)), stream_(std::move(stream)) {
    stream_->set_owner(*this);
    since_ = upstreams.loop_.now();
  }
  void OnStream(net::Stream& stream) override {
    if (stream.Stale()) upstreams_.Drop(*this);
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
      old_(loop, [this] { DropOld(); }) {}

Upstreams::~Upstreams() = default;

std::string Upstreams::KeyOf(const Site& site) {
  return fmt::format("{}\n{}\n{}\n{}", site.host, site.port, static_cast<int>(site.scheme),
                     site.identity);
}

std::unique_ptr<net::Stream> Upstreams::TakeIdle(const Site& site) {
  const auto found = by_site_.find(KeyOf(site));
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

void Upstreams::KeepIdle(const Site& site, std::unique_ptr<net::Stream> stream) {
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
  by_site_.clear();
  idle_.clear();
}

// --- opening

std::unique_ptr<Upstreams::Opening> Upstreams::Open(const Site& site, AddressRule rule,
                                                    OnOpened on_opened) {
  return std::make_unique<Opening>(*this, site, rule, std::move(on_opened));
}

Upstreams::Opening::Opening(Upstreams& upstreams, Site site, AddressRule rule, OnOpened on_opened)
    : upstreams_(upstreams),
      site_(std::move(site)),
      rule_(rule),
      on_opened_(std::move(on_opened)),
      deadline_(upstreams.loop_, [this] {
        Fail("upstream_timeout",
             fmt::format("the TLS handshake with {} took too long", site_.Authority()),
             "try again later", 504);
      }) {
  const std::weak_ptr<int> alive = alive_;
  upstreams.loop_.Post([this, alive] {
    if (!alive.expired()) Begin();
  });
}

Upstreams::Opening::~Opening() = default;

void Upstreams::Opening::Begin() {
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
  if (site_.scheme != Scheme::kHttps) return Finish(std::move(stream_));
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
  if (auto started = stream_->StartClient(upstreams_.tls_, site_.host, site_.port,
                                          certificate ? &*certificate : nullptr);
      !started) {
    return Fail("upstream_tls", started.error().message, "");
  }
  deadline_.Set(limits::tls_timeout);
  OnStream(*stream_);
}

void Upstreams::Opening::OnStream(net::Stream& stream) {
  switch (stream.Handshake()) {
    case net::Io::kDone:
      return Finish(std::move(stream_));
    case net::Io::kBlocked:
      return;
    default:
      return Fail(stream.untrusted() ? "upstream_certificate" : "upstream_tls",
                  fmt::format("cannot speak TLS with {}: {}", site_.Authority(), stream.error()),
                  stream.untrusted() ? "if the site has a certificate authority of its own: "
                                       "aileron launch --upstream-ca FILE"
                                     : "");
  }
}

void Upstreams::Opening::Fail(std::string code, std::string reason, std::string hint, int status) {
  Finish(std::unexpected(Refusal{.status = status,
                                 .code = std::move(code),
                                 .reason = std::move(reason),
                                 .hint = std::move(hint)}));
}

void Upstreams::Opening::Finish(Opened opened) {
  deadline_.Cancel();
  const OnOpened on_opened = std::move(on_opened_);
  on_opened(std::move(opened));  // may destroy this
}

}  // namespace aileron::proxy
