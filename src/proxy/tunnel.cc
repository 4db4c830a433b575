// Tested by src/proxy/tunnel_test.cc.

#include "proxy/tunnel.h"

#include "base/text.h"
#include "policy/address.h"
#include "proxy/client_hello.h"
#include "proxy/limits.h"
#include "proxy/refusal.h"

namespace aileron::proxy {

namespace {

constexpr std::uint16_t kHttpsPort = 443;

}  // namespace

Tunnel::Tunnel(World& world, Site site, std::string rule, net::Channel& client,
               std::unique_ptr<net::Channel> upstream, std::string_view already_read,
               OnDone on_done)
    : world_(world),
      site_(std::move(site)),
      rule_(std::move(rule)),
      client_(client),
      upstream_(std::move(upstream)),
      on_done_(std::move(on_done)),
      began_(Now()),
      timer_(world.loop, [this] {
        up_.held && !up_.bytes.empty()
            ? End("hello_timeout", "the client did not finish its TLS hello in time")
            : End("idle_timeout", "nothing moved for too long");
      }) {
  up_.from = &client_;
  up_.to = upstream_.get();
  up_.held = true;
  up_.bytes.Append(already_read);
  down_.from = upstream_.get();
  down_.to = &client_;
}

// Whoever destroys it early (a session that ends) leaves a record all the same.
Tunnel::~Tunnel() {
  on_done_ = nullptr;
  End("", "");
}

void Tunnel::Begin() {
  client_.set_owner(*this);
  upstream_->set_owner(*this);
  Pump();
}

void Tunnel::Cut(std::string_view rule) {
  if (rule_ != rule) return;
  const Refusal revoked = GrantRevoked();
  End(revoked.code, revoked.reason);
}

void Tunnel::Pump() {
  constexpr int rounds_max = 16;  // then others get their turn
  bool moved = false;
  bool more = true;
  for (int round = 0; more && round < rounds_max && !done_; ++round) {
    more = Read(up_);
    if (up_.held) CheckHello();
    if (done_) return;
    more |= Write(up_);
    more |= !done_ && Read(down_);
    more |= !done_ && Write(down_);
    moved |= more;
  }
  if (done_) return;
  if (!more) {
    up_.bytes.Release();
    down_.bytes.Release();
  }
  if (up_.closed && down_.closed) return End("", "");
  if (more && !scheduled_) {
    scheduled_ = true;
    world_.loop.Post([this, alive = std::weak_ptr(alive_)] {
      if (alive.expired()) return;
      scheduled_ = false;
      Pump();
    });
  }
  ArmTimer(moved);
}

// Whether something came.
bool Tunnel::Read(Flow& flow) {
  if (flow.ended || flow.bytes.Room() == 0 || !flow.from->MayRead()) return false;
  const auto room = flow.bytes.Prepare(std::min(limits::read_chunk, flow.bytes.Room()));
  std::size_t count = 0;
  switch (flow.from->Read(room, count)) {
    case net::Io::kDone:
      flow.bytes.Commit(count);
      return true;
    case net::Io::kBlocked:
      return false;
    case net::Io::kEnd:
      flow.ended = true;
      return true;
    case net::Io::kFailed:
      break;
  }
  End(&flow == &up_ ? "client_gone" : "upstream_closed", "the connection broke");
  return false;
}

// Whether something went.
bool Tunnel::Write(Flow& flow) {
  if (flow.held || flow.closed) return false;
  bool moved = false;
  while (!flow.bytes.empty()) {
    std::size_t count = 0;
    const net::Io io = flow.to->Write(flow.bytes.View(), count);
    if (io == net::Io::kBlocked) return moved;
    if (io != net::Io::kDone) {
      // It takes no more, but what it sent before may still come.
      flow.bytes.Consume(flow.bytes.size());
      flow.ended = flow.closed = true;
      return true;
    }
    flow.bytes.Consume(count);
    flow.moved += count;
    moved = true;
  }
  if (flow.ended) {
    flow.closed = true;
    flow.to->ShutdownWrite(net::Ending::kWhole);
    moved = true;
  }
  return moved;
}

void Tunnel::CheckHello() {
  const ClientHello hello = ReadClientHello(up_.bytes.View());
  const bool tls_port = site_.port == kHttpsPort;
  switch (hello.outcome) {
    case ClientHello::Outcome::kNeedMore:
      if (!up_.ended) return;
      if (up_.bytes.empty() || !tls_port) break;
      return End("client_gone", "the client ended within its TLS hello");
    case ClientHello::Outcome::kNotTls:
      if (!tls_port) break;
      return End("protocol_not_supported", "an opaque host is spoken to by TLS on port 443");
    case ClientHello::Outcome::kMalformed:
      return End("hello_malformed", "the client's TLS hello cannot be read without doubt");
    case ClientHello::Outcome::kHello:
      if (hello.name.empty() && policy::Address::Parse(site_.host)) break;
      if (hello.name.empty()) {
        return End("name_unknown",
                   fmt::format("the TLS handshake names no host; it must name {}", site_.host));
      }
      if (CanonicalHost(hello.name) == site_.host) break;
      return End("authority_mismatch",
                 fmt::format("the TLS name {} differs from {}, which the connection is for",
                             Printable(hello.name), site_.host));
  }
  up_.held = false;
}

void Tunnel::ArmTimer(bool moved) {
  if (up_.held && !up_.bytes.empty()) {
    if (!timer_.armed()) timer_.Set(world_.timeouts.tls);
    return;
  }
  // An end that the other side does not answer is given up like an upload that stands still.
  const bool half = up_.ended || down_.ended;
  const Timeouts::Length length = half ? world_.timeouts.upload : world_.timeouts.idle;
  if (length == Timeouts::kNone) return timer_.Cancel();
  if (moved || !timer_.armed()) timer_.Set(length);
}

void Tunnel::End(std::string_view code, std::string detail) {
  if (done_) return;
  done_ = true;
  timer_.Cancel();
  AuditRecord record{.kind = "tunnel",
                     .host = site_.host,
                     .port = site_.port,
                     .action = up_.held && !code.empty() ? "deny" : "allow",
                     .rule = rule_,
                     .code = std::string(code),
                     .bytes_up = up_.moved,
                     .bytes_down = down_.moved};
  record.time_us = static_cast<std::uint64_t>(began_.time_since_epoch().count());
  const auto now = static_cast<std::uint64_t>(Now().time_since_epoch().count());
  record.duration_us = now > record.time_us ? now - record.time_us : 0;
  record.detail = std::move(detail);
  world_.permits.Record(std::move(record));
  upstream_.reset();
  if (!on_done_) return;
  world_.loop.Post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && on_done_) on_done_();
  });
}

}  // namespace aileron::proxy
