#include "shim/dialer.h"

#include "shim/limits.h"

namespace aileron::shim {

namespace {

// With nobody at a port that the system hands out to clients, a client can meet itself.
bool IsItself(const os::Fd& socket, const net::Endpoint& peer) {
  sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return true;
  return net::Endpoint::From(address) == peer;
}

}  // namespace

void Dialer::Dial(std::uint16_t port, OnDone done) {
  if (under_way_.size() >= limits::kDials) return done({});
  const std::uint64_t id = ++last_;
  const std::vector<net::Endpoint> places = {*net::Endpoint::Parse("127.0.0.1", port),
                                             *net::Endpoint::Parse("::1", port)};
  under_way_[id] = std::make_unique<net::ConnectAttempt>(
      loop_, places, limits::kDialWait,
      [this, id, done = std::move(done)](Result<net::Connected> connected) {
        Finish(id, std::move(connected), done);
      });
}

void Dialer::Finish(std::uint64_t id, Result<net::Connected> connected, const OnDone& done) {
  // The attempt, and with it the function that is running, goes when this turn is over.
  loop_.Post([attempt = std::shared_ptr<net::ConnectAttempt>(std::move(under_way_[id]))] {});
  under_way_.erase(id);
  if (!connected || IsItself(connected->socket, connected->peer)) return done({});
  done(std::move(connected->socket));
}

}  // namespace aileron::shim
