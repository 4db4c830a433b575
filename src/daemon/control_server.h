// ControlServer: accepts the clients of the control socket. Only the user the daemon runs as is
// served (SO_PEERCRED); root is not, since it can become that user.
#pragma once

#include <map>
#include <memory>

#include "daemon/connection.h"
#include "daemon/router.h"
#include "net/loop.h"
#include "os/fd.h"

namespace aileron::daemon {

class ControlServer final : private net::Loop::Handler {
 public:
  // `router` outlives the server.
  ControlServer(net::Loop& loop, const Router& router) : loop_(loop), router_(router) {}
  ~ControlServer();

  // `listener` is a listening unix socket, not blocking.
  Status Listen(os::Fd listener);
  // Serves a connected socket: what Listen() does with each client, and tests with one end of a
  // pair.
  Status Serve(os::Fd socket);
  // Accepts nobody more. Connections go on until CloseAll.
  void StopListening();
  void CloseAll();

  std::size_t connections() const { return connections_.size(); }
  // A request is being received, handled or answered.
  bool busy() const;

 private:
  void OnReady(net::Readiness ready) override;

  net::Loop& loop_;
  const Router& router_;
  os::Fd listener_;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::uint64_t next_ = 0;
  // Lets a late "closed" of a connection find out that the server is gone.
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
