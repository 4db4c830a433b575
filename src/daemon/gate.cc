// Tested by src/daemon/control_server_test.cc.

#include "daemon/gate.h"

#include <unistd.h>

#include "os/socket.h"

namespace aileron::daemon {

Status OwnUserGate::Admit(int socket) {
  AILERON_ASSIGN(const os::PeerCredentials peer, os::PeerOf(socket));
  if (peer.uid == geteuid()) return {};
  return Fail(Code::kDenied, "user {} (process {}) is not the user of this daemon", peer.uid,
              peer.pid);
}

}  // namespace aileron::daemon
