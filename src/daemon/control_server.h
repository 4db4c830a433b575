// ControlServer: the connections of the control socket, those of sandboxes, or those of a browser.
// On the control socket only the user the daemon runs as is served (OwnUserGate); root is not,
// since it can become that user.
#pragma once

#include <map>
#include <memory>

#include "base/log_pace.h"
#include "daemon/connection.h"
#include "daemon/gate.h"
#include "daemon/router.h"
#include "net/loop.h"
#include "os/fd.h"

namespace aileron::daemon {

class ControlServer final : private net::Loop::Handler {
 public:
  // `router` and `gate` outlive the server. At most `most` connections of one session, or of the
  // one listener, are open at a time.
  ControlServer(net::Loop& loop, const Router& router, Gate& gate,
                std::size_t most = limits::kConnections)
      : loop_(loop), router_(router), gate_(gate), most_(most) {}
  ~ControlServer();

  // `listener` is a listening socket, not blocking.
  Status Listen(os::Fd listener);
  // Serves a connected socket: what Listen() does with each client. `session` is that of the
  // sandbox at its other end.
  Status Serve(os::Fd socket, std::string session = "");
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
  Gate& gate_;
  std::size_t most_;
  os::Fd listener_;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::uint64_t next_ = 0;
  LogPace refusals_{limits::kRefusalsLogged};  // who connects in a loop fills no disk
  // Lets a late "closed" of a connection find out that the server is gone.
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
