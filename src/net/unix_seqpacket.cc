#include "net/unix_seqpacket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/limits.h"
#include "os/socket.h"

namespace aileron::net {

PacketChannel::PacketChannel(Loop& loop, os::Fd socket, std::size_t packet_max)
    : loop_(loop), socket_(std::move(socket)), buffer_(Secret::OfSize(packet_max + 1)) {}

PacketChannel::~PacketChannel() {
  if (gone_ != nullptr) *gone_ = true;
  if (on_packet_) loop_.Forget(socket_.get(), *this);
}

Status PacketChannel::Start(OnPacket on_packet, OnEnd on_end) {
  const int flags = fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return os::FailErrno("cannot prepare a channel");
  }
  AILERON_TRY(loop_.Watch(socket_.get(), *this));
  on_packet_ = std::move(on_packet);
  on_end_ = std::move(on_end);
  return {};
}

Status PacketChannel::Send(std::string packet) {
  if (ended_) return Fail(Code::kUnavailable, "the channel has ended");
  if (queue_.empty()) {
    const ssize_t sent =
        send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return {};
    if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
      return os::FailErrno("cannot send a packet");
  }
  if (queue_.size() >= limits::packets_queued_max) {
    return Fail(Code::kUnavailable, "the channel is full");
  }
  queue_.push_back(std::move(packet));
  return {};
}

void PacketChannel::SendQueued() {
  while (!queue_.empty()) {
    const std::string& packet = queue_.front();
    const ssize_t sent =
        send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) return;
    queue_.pop_front();  // sent, or never will be: the read side reports the end
  }
}

void PacketChannel::Flush() {
  constexpr int patience_ms = 1000;
  while (!queue_.empty() && !ended_) {
    pollfd wait{socket_.get(), POLLOUT, 0};
    if (poll(&wait, 1, patience_ms) <= 0) return;
    SendQueued();
  }
}

void PacketChannel::End() {
  if (ended_) return;
  ended_ = true;
  on_end_();
}

void PacketChannel::OnReady(Readiness ready) {
  if (ready.writable) SendQueued();
  bool gone = false;
  gone_ = &gone;
  while (!ended_) {
    const std::span<char> room = buffer_.RevealWritable();
    std::vector<os::Fd> descriptors;
    const auto count = os::ReceiveInto(socket_.get(), room, descriptors);
    if (!count && errno == EAGAIN) break;
    // The end, an error, or a packet beyond the limit: a peer that breaks the rules is gone as
    // well.
    if (!count || *count == 0 || *count >= room.size()) {
      End();
      break;
    }
    const std::span<char> packet = room.first(*count);
    on_packet_({packet.data(), packet.size()}, descriptors);
    if (gone) return;
    Wipe(packet);
  }
  if (!gone) gone_ = nullptr;
}

}  // namespace aileron::net
