// ClientListener: accepts clients, and stops when there are too many, so that they wait in the
// kernel's queue.
#pragma once

#include <functional>

#include "net/endpoint.h"
#include "net/loop.h"
#include "os/fd.h"

namespace aileron::proxy {

class ClientListener final : private net::Loop::Handler {
 public:
  // `client` is its own end, `destination` where it believes it connected to (getsockname: with
  // AnyIP routes every address is local). Returns false to say: no more for now.
  using OnClient = std::function<bool(os::Fd socket, const net::Endpoint& client,
                                      const net::Endpoint& destination)>;

  ClientListener(net::Loop& loop, os::Fd socket, OnClient on_client);
  ~ClientListener();

  Status Start();
  // Goes on after `on_client` returned false.
  void Resume();

 private:
  void OnReady(net::Readiness ready) override;
  void Accept();

  net::Loop& loop_;
  os::Fd socket_;
  OnClient on_client_;
  net::Timer retry_;
  bool paused_ = false;
  bool watched_ = false;
};

// Makes a descriptor from elsewhere ours: non-blocking and close-on-exec.
Status AdoptSocket(int descriptor);

}  // namespace aileron::proxy
