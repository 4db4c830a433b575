// Tested by src/proxy/data_plane_test.cc.

#include "proxy/client.h"

#include "base/log.h"
#include "base/text.h"
#include "proxy/limits.h"
#include "proxy/sniff.h"

namespace aileron::proxy {

Client::Client(World& world, OnClosed on_closed)
    : world_(world), on_closed_(std::move(on_closed)), timer_(world.loop, [this] {
        const auto self = shared_from_this();
        Finish();
      }) {}

std::shared_ptr<Client> Client::Start(World& world, os::Fd socket, ListenerKind kind,
                                      const net::Endpoint& from, const net::Endpoint& destination,
                                      OnClosed on_closed) {
  auto connection = std::make_shared<Client>(world, std::move(on_closed));
  auto stream = net::Stream::Make(world.loop, std::move(socket), *connection);
  if (!stream) {
    LogWarning("a client was dropped: {}", stream.error().message);
    return nullptr;
  }
  connection->client_ = std::move(*stream);
  connection->ends_ = {from.Address(), from.port(), destination.Address(), destination.port()};
  if (kind == ListenerKind::kProxy) {
    connection->site_.how = How::kAbsolute;
    connection->phase_ = Phase::kFirst;
  } else {
    connection->EnterCaptured(destination);
  }
  connection->ArmTimer();
  return connection;
}

std::shared_ptr<Client> Client::Serve(World& world, os::Fd socket, Site site, OnClosed on_closed) {
  auto connection = std::make_shared<Client>(world, std::move(on_closed));
  auto stream = net::Stream::Make(world.loop, std::move(socket), *connection);
  if (!stream) {
    LogWarning("a request of the daemon was dropped: {}", stream.error().message);
    return nullptr;
  }
  connection->client_ = std::move(*stream);
  connection->site_ = std::move(site);
  connection->StartRelay(Exchange::Mode::kSite);
  connection->ArmTimer();
  world.loop.Post([weak = std::weak_ptr(connection)] {
    if (const auto self = weak.lock()) self->Pump();
  });
  return connection;
}

// Calls to here from within a step (answers that were remembered) become another step.
void Client::Pump() {
  if (phase_ == Phase::kRelay) return relay_->Pump();
  if (phase_ == Phase::kTunnel) return;  // it hears of its channels itself
  const auto self = shared_from_this();
  if (turns_.Run(net::Turns::kNoLimit, [this] { return Step(); })) ArmTimer();
}

// One round; whether another may be worth it.
bool Client::Step() {
  switch (phase_) {
    case Phase::kFirst:
      return ChooseProxyProtocol();
    case Phase::kSocks:
      return RunSocks();
    case Phase::kSniff:
      return SniffMore();
    case Phase::kHandshake:
      return ShakeHands();
    case Phase::kClosing:
      return FinishClosing();
    case Phase::kLinger:
      return DrainClient();
    case Phase::kRelay:
      relay_->Pump();
      return false;
    case Phase::kHttp2:
    case Phase::kAdmission:
    case Phase::kTunnel:
    case Phase::kDone:
      return false;
  }
  return false;
}

void Client::ArmTimer() {
  if (timed_phase_ == phase_) return;
  timed_phase_ = phase_;
  switch (phase_) {
    case Phase::kFirst:
      return timer_.Set(limits::keep_alive_idle);
    case Phase::kSocks:
    case Phase::kSniff:
      return timer_.Set(limits::head_timeout);
    case Phase::kHandshake:
      return timer_.Set(world_.timeouts.tls);
    case Phase::kClosing:
    case Phase::kLinger:
      return timer_.Set(limits::linger);
    case Phase::kAdmission:  // whoever is waited for has a deadline
    case Phase::kRelay:      // they keep their own time
    case Phase::kHttp2:
    case Phase::kTunnel:
    case Phase::kDone:
      return timer_.Cancel();
  }
}

void Client::Finish() {
  if (phase_ == Phase::kDone) return;
  phase_ = Phase::kDone;
  timer_.Cancel();
  relay_.reset();
  requests_.reset();
  opening_.reset();
  tunnel_.reset();
  client_.reset();
  if (on_closed_) {
    world_.loop.Post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_closed_(*self);
    });
  }
}

// --- what the connection is

void Client::EnterCaptured(const net::Endpoint& destination) {
  site_.how = How::kCaptured;
  site_.port = destination.port();
  site_.host = destination.Address();
  phase_ = Phase::kSniff;
  const auto address = policy::Address::Parse(site_.host);
  const std::string* name = address ? world_.names.NameOf(*address) : nullptr;
  if (name != nullptr) {
    site_.host = *name;
    known_ = Known::kName;
  } else {
    known_ = address && SyntheticNames::IsSynthetic(*address) ? Known::kNone : Known::kLiteral;
  }
  if (known_ == Known::kNone || !world_.opaque.Contains(site_.host, site_.port)) return;
  // Before the client has said anything: it may wait for the server to speak.
  site_.scheme = Scheme::kTcp;
  AskAdmission();
}

// After CONNECT. To an opaque site it was answered when the site had been reached.
void Client::EnterTunnel() {
  site_ = relay_->exchange().site();
  sniffed_ = relay_->exchange().from_client().View();
  std::unique_ptr<net::Channel> upstream = relay_->TakeUpstream();
  const std::string rule = upstream ? relay_->exchange().rule() : std::string();
  relay_.reset();
  if (upstream) return BeginTunnel(std::move(upstream), rule);
  // TLS is what most tunnels are for: the certificate is signed while the hello is on its way.
  constexpr std::uint16_t http_port = 80;
  leaf_ahead_ = site_.port != http_port && world_.leafs.Find(site_.host) == nullptr;
  if (leaf_ahead_) world_.leafs.Fetch(site_.host, [](const Status&) {});
  BeginSniffing();
}

void Client::BeginSniffing() {
  known_ = policy::Address::Parse(site_.host) ? Known::kLiteral : Known::kName;
  phase_ = Phase::kSniff;
}

bool Client::SniffMore() {
  // Enough to tell the protocol; the rest stays in the socket for whoever speaks it.
  constexpr std::size_t enough = 64;
  Protocol protocol = Sniff(sniffed_);
  while (protocol == Protocol::kNeedMore) {
    char bytes[enough];
    std::size_t count = 0;
    const net::Io io = client_->Read(bytes, count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) {
      Finish();
      return false;
    }
    sniffed_.append(bytes, count);
    protocol = Sniff(sniffed_);
  }
  switch (protocol) {
    case Protocol::kTls:
      BeginTls();
      return true;
    case Protocol::kHttp2:
      BeginHttp2(Scheme::kHttp);
      return true;
    case Protocol::kHttp:
      BeginExchange(Scheme::kHttp);
      relay_->exchange().from_client().Append(sniffed_);
      sniffed_ = std::string();
      return true;
    default:
      RefuseConnection("protocol_not_supported", "the client speaks neither TLS nor HTTP");
      return false;
  }
}

void Client::BeginTls() {
  site_.scheme = Scheme::kHttps;
  phase_ = Phase::kHandshake;
  const std::string hello = std::move(sniffed_);
  sniffed_ = std::string();
  auto on_hello = [this](const net::Hello& said, net::Identity& identity) {
    return OnHello(said, identity);
  };
  if (auto started = client_->StartServer(world_.tls, on_hello, hello); !started) {
    LogWarning("{}", started.error().message);
    Finish();
  }
}

bool Client::ShakeHands() {
  switch (client_->Handshake()) {
    case net::Io::kDone:
      if (client_->protocol() == net::Alpn::kHttp2) {
        BeginHttp2(Scheme::kHttps);
      } else {
        BeginExchange(Scheme::kHttps);
      }
      return true;
    case net::Io::kBlocked:
      return false;
    default:
      if (phase_ == Phase::kHandshake) RefuseConnection("client_tls", client_->error());
      return false;
  }
}

// The name decides the certificate. A wrong one gets its certificate too, so that the refusal can
// be told inside.
bool Client::ChooseName(std::string_view name) {
  hello_name_ = site_.host;
  if (name.empty()) return known_ != Known::kNone;
  const auto host = CanonicalHost(name);
  if (!host) return false;
  hello_name_ = *host;
  if (*host == site_.host) return true;
  if (known_ != Known::kName) {
    site_.host = *host;
    known_ = Known::kName;
    return true;
  }
  refuse_all_ =
      Refusal{.status = 400,
              .code = "authority_mismatch",
              .reason = fmt::format("the TLS name {} differs from {}, which the connection is for",
                                    *host, site_.host),
              .hint = "connect to each host under its own name"};
  return true;
}

// A host that is new here has no upstream connection yet, so one is opened while the client still
// shakes hands; not where a credential is bound, which may decide how to connect, nor where each
// request is asked about. The exchange asks for the verdict again and finds it remembered.
void Client::ConnectAhead(HttpVersion version) {
  Site site = site_;
  site.host = hello_name_;
  site.scheme = Scheme::kHttps;
  site.how = How::kAhead;
  world_.permits.AskVerdict(
      site, ends_,
      [weak = weak_from_this(), site, version](const std::shared_ptr<const Verdict>& verdict) {
        const auto self = weak.lock();
        if (!self || self->refuse_all_ || verdict->action != Action::kAllow) return;
        if (!verdict->bindings.empty() || verdict->requests == Requests::kAsked) return;
        self->world_.upstreams.OpenAhead(site, verdict->address_rule, version);
      });
}

void Client::FetchLeaf() {
  world_.leafs.Fetch(hello_name_, [weak = weak_from_this()](Status status) {
    const auto client = weak.lock();
    if (!client || client->phase_ != Phase::kHandshake) return;
    if (!status) client->leaf_error_ = status.error().message;
    client->Pump();
  });
}

// The daemon signs for hosts that it has given a verdict on, allowed or not, and for no others, and
// answers in order: both are asked in one breath.
net::HelloAnswer Client::OnHello(const net::Hello& hello, net::Identity& identity) {
  if (hello_name_.empty() && !ChooseName(hello.name)) {
    RefuseConnection("name_unknown", "the TLS handshake names no host that could be meant");
    return net::HelloAnswer::kRefuse;
  }
  const net::Identity* const found = world_.leafs.Find(hello_name_);
  if (!hello_heard_ && (found == nullptr || leaf_ahead_)) {
    ConnectAhead(hello.offers == net::Alpn::kHttp2 ? HttpVersion::k2 : HttpVersion::k1);
    if (found == nullptr) FetchLeaf();
  }
  hello_heard_ = true;
  if (found != nullptr) {
    identity = *found;
    return net::HelloAnswer::kGo;
  }
  if (leaf_error_.empty()) return net::HelloAnswer::kWait;
  RefuseConnection("leaf_unavailable", leaf_error_);
  return net::HelloAnswer::kRefuse;
}

Exchange::Mode Client::ModeFor(Scheme scheme) {
  site_.scheme = scheme;
  const bool by_host = scheme == Scheme::kHttp && known_ != Known::kName;
  if (known_ == Known::kNone) site_.host.clear();
  return by_host ? Exchange::Mode::kHost : Exchange::Mode::kSite;
}

void Client::BeginExchange(Scheme scheme) {
  StartRelay(ModeFor(scheme));
  if (refuse_all_) relay_->exchange().RefuseAll(std::move(*refuse_all_));
}

void Client::BeginHttp2(Scheme scheme) {
  const Exchange::Mode mode = ModeFor(scheme);
  phase_ = Phase::kHttp2;
  requests_ = std::make_unique<H2Client>(
      world_, std::move(client_), mode, site_, ends_, std::move(refuse_all_),
      [this](std::unique_ptr<net::Stream> stream) { OnHttp2Done(std::move(stream)); });
  requests_->Start(std::exchange(sniffed_, {}));
}

void Client::OnHttp2Done(std::unique_ptr<net::Stream> stream) {
  const auto self = shared_from_this();
  requests_.reset();
  if (stream == nullptr) return Finish();
  client_ = std::move(stream);
  client_->set_owner(*this);
  phase_ = Phase::kClosing;
  Pump();
}

void Client::StartRelay(Exchange::Mode mode) {
  relay_ = Relay::Make(world_, *client_, HttpVersion::k1, mode, site_, ends_,
                       [this](Relay::Outcome outcome) { OnRelayDone(outcome); });
  phase_ = Phase::kRelay;
}

void Client::OnRelayDone(Relay::Outcome outcome) {
  const auto self = shared_from_this();
  switch (outcome) {
    case Relay::Outcome::kTunnel:
      EnterTunnel();
      break;
    case Relay::Outcome::kClosed:
      relay_.reset();
      phase_ = Phase::kLinger;
      break;
    case Relay::Outcome::kBroken:
      return Finish();
  }
  Pump();
}

// Nothing can be said to the client in a protocol it speaks.
void Client::RefuseConnection(std::string_view code, std::string_view detail) {
  if (phase_ == Phase::kClosing || phase_ == Phase::kDone) return;
  world_.permits.Record(RefusedRecord(site_, code, detail));
  phase_ = Phase::kClosing;
  Pump();
}

void Client::Cut(const std::string& rule) {
  switch (phase_) {
    case Phase::kRelay:
      return relay_->Cut(rule);
    case Phase::kHttp2:
      return requests_->Cut(rule);
    case Phase::kTunnel:
      return tunnel_->Cut(rule);
    case Phase::kAdmission:
      if (opening_ == nullptr || opening_rule_ != rule) return;
      opening_.reset();
      return RefuseAdmission(GrantRevoked(), SocksReply::kNotAllowed);
    default:
      return;  // nothing was let through yet, or nothing is any more
  }
}

// --- closing

bool Client::FinishClosing() {
  client_->ShutdownWrite(net::Ending::kWhole);
  phase_ = Phase::kLinger;
  return true;
}

// Reads on for a while: closing a socket with unread bytes resets it, and the client might lose
// what was written last.
bool Client::DrainClient() {
  char bytes[4096];
  while (true) {
    std::size_t count = 0;
    const net::Io io = client_->Read(bytes, count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) break;
  }
  Finish();
  return false;
}

}  // namespace aileron::proxy
