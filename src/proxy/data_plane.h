// DataPlane: all of a worker but the process: the organs built and connected, on one loop.
#pragma once

#include <list>
#include <memory>
#include <unordered_set>
#include <vector>

#include "net/loop.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "os/fd.h"
#include "proxy/client.h"
#include "proxy/dns_server.h"
#include "proxy/leaf_cache.h"
#include "proxy/listener.h"
#include "proxy/names.h"
#include "proxy/permit_client.h"
#include "proxy/upstream.h"

namespace aileron::proxy {

class DataPlane {
 public:
  // How a run ended.
  enum class End : std::uint8_t { kStopped, kDaemonGone };
  // kUnconfined is for tests, which go on in the same process, and under sanitizers.
  enum class Confinement : std::uint8_t { kConfined, kUnconfined };

  // `sockets` are the listeners of `start`, in its order. Opens every file that will be needed.
  static Result<std::unique_ptr<DataPlane>> Make(os::Fd channel, Start start,
                                                 std::vector<os::Fd> sockets);
  ~DataPlane();

  // Confines the process, says Ready, and serves.
  Result<End> Run(Confinement confinement);
  // From another thread or a test: not needed by a worker, which stops by its channel.
  net::Loop& loop() { return *loop_; }

 private:
  explicit DataPlane(std::unique_ptr<net::Loop> loop);
  Status Listen(std::vector<Listener> listeners, std::vector<os::Fd> sockets);
  bool Admit(ListenerKind kind, os::Fd socket, const net::Endpoint& from,
             const net::Endpoint& destination);
  void Left(Client& client);
  void Serve(const proxy::Serve& serve, os::Fd socket);
  void Cut(const std::string& rule);

  // In the order in which they need each other; destroyed the other way round.
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<net::TlsServer> tls_server_;
  std::unique_ptr<net::TlsClient> tls_client_;
  std::unique_ptr<PermitClient> permits_;
  SyntheticNames names_;
  std::unique_ptr<LeafCache> leafs_;
  std::unique_ptr<Upstreams> upstreams_;
  std::unique_ptr<World> world_;
  std::unique_ptr<DnsAnswerer> dns_;
  std::list<DnsUdp> dns_udp_;
  std::list<DnsTcp> dns_tcp_;
  std::list<ClientListener> listeners_;
  std::unordered_set<std::shared_ptr<Client>> clients_;
  std::size_t clients_max_ = 0;
  bool full_ = false;
  End end_ = End::kDaemonGone;
};

}  // namespace aileron::proxy
