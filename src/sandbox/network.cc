// Tested by tests/security/test_network.py.

#include "sandbox/network.h"

#include "os/capture.h"

namespace aileron::sandbox {

Result<std::vector<os::Fd>> OpenListeners(std::span<const Listener> listeners) {
  std::vector<os::Fd> sockets;
  for (const Listener& listener : listeners) {
    switch (listener.kind) {
      case ListenerKind::kProxy:
      case ListenerKind::kApi: {
        AILERON_ASSIGN(os::Fd socket, os::ListenTcpLoopback(listener.port));
        sockets.push_back(std::move(socket));
        break;
      }
      case ListenerKind::kCaptured:
      case ListenerKind::kDnsTcp: {
        AILERON_ASSIGN(os::Fd socket, os::ListenTcpEverywhere(listener.port));
        sockets.push_back(std::move(socket));
        break;
      }
      case ListenerKind::kDns: {
        AILERON_ASSIGN(os::Fd socket, os::BindUdpEverywhere(listener.port));
        sockets.push_back(std::move(socket));
        break;
      }
    }
  }
  return sockets;
}

}  // namespace aileron::sandbox
