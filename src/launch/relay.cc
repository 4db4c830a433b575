#include "launch/relay.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "launch/limits.h"

namespace aileron::launch {

void AbortOnClose(int socket) {
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void NeverLinger(int socket) {
  const linger never{0, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &never, sizeof never);
}

Relay::Relay(os::Fd outside, os::Fd inside)
    : outside_(std::move(outside)),
      inside_(std::move(inside)),
      in_{.bytes = ByteBuffer(limits::kRelayBuffer)},
      out_{.bytes = ByteBuffer(limits::kRelayBuffer)} {}

Relay::State Relay::Turn() {
  const Moved in = Move(in_, outside_.get(), inside_.get());
  const Moved out = in == Moved::kBroken ? in : Move(out_, inside_.get(), outside_.get());
  if (out == Moved::kBroken) {
    Break();
    return State::kOver;
  }
  if (in_.shut && out_.shut) return State::kOver;
  return in == Moved::kSome || out == Moved::kSome ? State::kBusy : State::kWaits;
}

// kAll: as much as the sockets allow now.
Relay::Moved Relay::Move(Way& way, int from, int to) {
  for (std::size_t moved = 0; moved < limits::kRelayTurn;) {
    bool still = true;
    if (!way.ended && way.bytes.Room() > 0) {
      const std::span<char> room =
          way.bytes.Prepare(std::min(way.bytes.Room(), limits::kRelayPiece));
      const ssize_t count = recv(from, room.data(), room.size(), MSG_DONTWAIT);
      if (count > 0) way.bytes.Commit(static_cast<std::size_t>(count));
      if (count == 0) way.ended = true;
      if (count < 0 && errno != EAGAIN && errno != EINTR) return Moved::kBroken;
      still = count < 0 && errno == EAGAIN;
    }
    if (!way.bytes.empty()) {
      const std::string_view bytes = way.bytes.View();
      const ssize_t count = send(to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN && errno != EINTR) return Moved::kBroken;
      if (count > 0) way.bytes.Consume(static_cast<std::size_t>(count));
      moved += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
      // The one who takes decides how fast it goes.
      still = count < 0 && errno == EAGAIN;
    }
    if (way.ended && way.bytes.empty() && !way.shut) {
      shutdown(to, SHUT_WR);
      way.shut = true;
    }
    if (way.shut || still) {
      way.bytes.Release();
      return Moved::kAll;
    }
  }
  return Moved::kSome;
}

void Relay::Break() {
  AbortOnClose(outside_.get());
  AbortOnClose(inside_.get());
}

}  // namespace aileron::launch
