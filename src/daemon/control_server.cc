#include "daemon/control_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"

namespace aileron::daemon {

ControlServer::~ControlServer() {
  StopListening();
  CloseAll();
}

Status ControlServer::Listen(os::Fd listener) {
  AILERON_TRY(loop_.Watch(listener.get(), *this, net::Loop::Trigger::kLevelRead));
  listener_ = std::move(listener);
  return {};
}

Status ControlServer::Serve(os::Fd socket, std::string session) {
  if (Status admitted = gate_.Admit(socket.get()); !admitted) {
    if (const auto more = refusals_.Pass(loop_.now())) {
      LogWarning("refused a connection: {}{}", admitted.error().message, *more);
    }
    return admitted;
  }
  const auto open = static_cast<std::size_t>(std::ranges::count_if(
      connections_, [&](const auto& one) { return one.second->session() == session; }));
  if (open >= most_) {
    if (const auto more = refusals_.Pass(loop_.now())) {
      LogWarning("refused a connection{}: {} are open{}",
                 session.empty() ? "" : fmt::format(" of session {}", session), open, *more);
    }
    return Fail(Code::kUnavailable, "too many connections: {} are open", open);
  }
  const std::uint64_t number = next_++;
  auto connection =
      std::make_shared<Connection>(loop_, std::move(socket), router_, gate_, std::move(session),
                                   [this, number, alive = std::weak_ptr(alive_)] {
                                     if (!alive.expired()) connections_.erase(number);
                                   });
  AILERON_TRY(connection->Start());
  connections_.emplace(number, std::move(connection));
  return {};
}

void ControlServer::OnReady(net::Readiness) {
  while (true) {
    os::Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!socket) return;  // EAGAIN; or no descriptors are left, and the next turn tries again
    (void)Serve(std::move(socket));
  }
}

void ControlServer::StopListening() {
  if (!listener_) return;
  loop_.Forget(listener_.get(), *this);
  listener_.Reset();
}

void ControlServer::CloseAll() {
  for (auto& [number, connection] : connections_) connection->Close();
  connections_.clear();
}

bool ControlServer::busy() const {
  for (const auto& [number, connection] : connections_) {
    if (!connection->idle()) return true;
  }
  return false;
}

}  // namespace aileron::daemon
