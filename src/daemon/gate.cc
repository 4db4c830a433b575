// Tested by src/daemon/control_server_test.cc.

#include "daemon/gate.h"

#include <unistd.h>

#include "base/log.h"
#include "os/socket.h"

namespace aileron::daemon {

Status OwnUserGate::Admit(int socket) {
  AILERON_ASSIGN(const os::PeerCredentials peer, os::PeerOf(socket));
  if (peer.uid == geteuid()) return {};
  LogWarning("refused a connection of user {} (process {})", peer.uid, peer.pid);
  return Fail(Code::kDenied, "user {} is not the user of this daemon", peer.uid);
}

}  // namespace aileron::daemon
