#include "proxy/data_plane.h"

#include <sys/socket.h>

#include "base/log.h"
#include "base/text.h"
#include "os/code_pages.h"
#include "proxy/confine.h"
#include "proxy/limits.h"

namespace aileron::proxy {
namespace {

// Hosts of --connect-to are compared with canonical names.
Result<std::vector<ConnectTo>> Canonical(std::vector<ConnectTo> entries) {
  for (ConnectTo& entry : entries) {
    auto host = CanonicalHost(entry.host);
    if (!host) return Fail(Code::kInvalid, "--connect-to: {} is not a host", Printable(entry.host));
    entry.host = std::move(*host);
  }
  return entries;
}

}  // namespace

DataPlane::DataPlane(std::unique_ptr<net::Loop> loop) : loop_(std::move(loop)) {}

DataPlane::~DataPlane() = default;

Result<std::unique_ptr<DataPlane>> DataPlane::Make(os::Fd channel, Start start,
                                                   std::vector<os::Fd> sockets) {
  net::PrepareTls();
  AILERON_ASSIGN(auto loop, net::Loop::Make());
  std::unique_ptr<DataPlane> plane(new DataPlane(std::move(loop)));
  AILERON_ASSIGN(plane->resolver_, net::Resolver::Make(*plane->loop_));
  AILERON_ASSIGN(plane->tls_server_, net::TlsServer::Make(net::Alpn::kHttp2));
  AILERON_ASSIGN(plane->tls_client_,
                 net::TlsClient::Make(net::RootBundle::OfSystem(), start.extra_roots));
  plane->permits_ = std::make_unique<PermitClient>(*plane->loop_, std::move(channel));
  AILERON_ASSIGN(auto key, net::KeyPair::Make());
  plane->leafs_ = std::make_unique<LeafCache>(*plane->permits_, std::move(key));
  AILERON_ASSIGN(auto connect_to, Canonical(std::move(start.connect_to)));
  plane->upstreams_ =
      std::make_unique<Upstreams>(*plane->loop_, *plane->resolver_, *plane->tls_client_,
                                  *plane->permits_, std::move(connect_to), start.timeouts);
  if (!start.proxy.host.empty()) plane->upstreams_->UseProxy(std::move(start.proxy));
  AILERON_ASSIGN(OpaqueHosts opaque, OpaqueHosts::Parse(start.opaque));
  plane->world_ = std::make_unique<World>(
      World{*plane->loop_, *plane->permits_, *plane->leafs_, *plane->upstreams_, plane->names_,
            *plane->tls_server_, start.timeouts, std::move(opaque)});
  plane->dns_ = std::make_unique<DnsAnswerer>(*plane->permits_, plane->names_);
  plane->clients_max_ = start.clients_max == 0 ? limits::clients_max
                                               : std::min(start.clients_max, limits::clients_max);
  AILERON_TRY(plane->Listen(std::move(start.listeners), std::move(sockets)));
  return plane;
}

namespace {

// As captured TLS would name it.
Site InternalSite() {
  return {.host = std::string(kInternalHost),
          .port = 443,
          .scheme = Scheme::kHttps,
          .how = How::kCaptured};
}

}  // namespace

Status DataPlane::Listen(std::vector<Listener> listeners, std::vector<os::Fd> sockets) {
  if (listeners.size() != sockets.size()) {
    return Fail(Code::kInvalid, "{} listeners were announced and {} came", listeners.size(),
                sockets.size());
  }
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const ListenerKind kind = listeners[i].kind;
    if (kind != ListenerKind::kDns) {
      listeners_.emplace_back(*loop_, std::move(sockets[i]),
                              [this, kind](os::Fd socket, const net::Endpoint& client,
                                           const net::Endpoint& destination) {
                                return Admit(kind, std::move(socket), client, destination);
                              });
      continue;
    }
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(sockets[i].get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
      return os::FailErrno("cannot use the DNS listener");
    }
    if (type == SOCK_DGRAM) {
      dns_udp_.emplace_back(*loop_, std::move(sockets[i]), *dns_);
    } else {
      dns_tcp_.emplace_back(*loop_, std::move(sockets[i]), *dns_);
    }
  }
  return {};
}

Result<DataPlane::End> DataPlane::Run(Confinement confinement) {
  AILERON_TRY(
      permits_->Start({.on_revoke = [this] { upstreams_->CloseIdle(); },
                       .on_cut = [this](const std::string& rule) { Cut(rule); },
                       .on_serve = [this](const proxy::Serve& serve,
                                          os::Fd socket) { Serve(serve, std::move(socket)); },
                       .on_end =
                           [this](bool stopped) {
                             end_ = stopped ? End::kStopped : End::kDaemonGone;
                             loop_->Stop();
                           }}));
  if (confinement == Confinement::kConfined) AILERON_TRY(Confine());
  for (DnsUdp& server : dns_udp_) AILERON_TRY(server.Start());
  for (DnsTcp& server : dns_tcp_) AILERON_TRY(server.Start());
  for (ClientListener& listener : listeners_) AILERON_TRY(listener.Start());
  AILERON_TRY(permits_->SendReady());
  net::Timer settled(*loop_, os::GiveBackCodePages);
  settled.Set(limits::settled_after);
  loop_->Run();
  // Clients first: their ends are recorded.
  clients_.clear();
  if (end_ == End::kStopped) permits_->Drain();
  return end_;
}

bool DataPlane::Admit(ListenerKind kind, os::Fd socket, const net::Endpoint& from,
                      const net::Endpoint& destination) {
  const auto left = [this](Client& one) { Left(one); };
  auto client = kind == ListenerKind::kApi
                    ? Client::Serve(*world_, std::move(socket), InternalSite(), left)
                    : Client::Start(*world_, std::move(socket), kind, from, destination, left);
  if (client) clients_.insert(std::move(client));
  full_ = clients_.size() >= clients_max_;
  return !full_;
}

void DataPlane::Serve(const proxy::Serve& serve, os::Fd socket) {
  Site site{.host = serve.host, .port = serve.port, .ticket = serve.ticket};
  auto client = Client::Serve(*world_, std::move(socket), std::move(site),
                              [this](Client& left) { Left(left); });
  if (client) clients_.insert(std::move(client));
}

// Clients may leave on the way.
void DataPlane::Cut(const std::string& rule) {
  const std::vector<std::shared_ptr<Client>> clients(clients_.begin(), clients_.end());
  for (const auto& client : clients) client->Cut(rule);
}

void DataPlane::Left(Client& client) {
  clients_.erase(client.shared_from_this());
  if (!full_) return;
  full_ = false;
  for (ClientListener& listener : listeners_) listener.Resume();
}

}  // namespace aileron::proxy
