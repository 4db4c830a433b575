// Tested by src/proxy/data_plane_test.cc.

#include "proxy/listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "proxy/limits.h"

namespace aileron::proxy {

Status AdoptSocket(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return os::FailErrno("cannot prepare a listener");
  }
  return {};
}

ClientListener::ClientListener(net::Loop& loop, os::Fd socket, OnClient on_client)
    : loop_(loop),
      socket_(std::move(socket)),
      on_client_(std::move(on_client)),
      retry_(loop, [this] { Accept(); }) {}

ClientListener::~ClientListener() {
  if (watched_) loop_.Forget(socket_.get(), *this);
}

Status ClientListener::Start() {
  AILERON_TRY(AdoptSocket(socket_.get()));
  AILERON_TRY(loop_.Watch(socket_.get(), *this));
  watched_ = true;
  return {};
}

void ClientListener::Resume() {
  if (!paused_) return;
  paused_ = false;
  retry_.Set(net::Interval::zero());
}

void ClientListener::OnReady(net::Readiness) { Accept(); }

void ClientListener::Accept() {
  for (int accepted = 0; !paused_; ++accepted) {
    if (accepted == limits::accepts_per_turn) return retry_.Set(net::Interval::zero());
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    os::Fd socket(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &peer_size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return;
      // Descriptors or memory have run out: they come back when clients leave.
      LogWarning("cannot accept a client: {}", std::strerror(errno));
      return retry_.Set(limits::accept_retry);
    }
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) continue;
    const auto destination = net::Endpoint::From(name);
    if (!destination) continue;
    const net::Endpoint client = net::Endpoint::From(peer).value_or(net::Endpoint());
    if (!on_client_(std::move(socket), client, *destination)) paused_ = true;
  }
}

}  // namespace aileron::proxy
