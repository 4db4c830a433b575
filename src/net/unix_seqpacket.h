// PacketChannel: whole packets over a SOCK_SEQPACKET socket, driven by the loop.
//
// Packets may hold secrets: they are received into locked memory that is wiped after each one.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "net/loop.h"
#include "os/fd.h"

namespace aileron::net {

class PacketChannel final : private Loop::Handler {
 public:
  // A packet; its bytes are gone when the call returns, and its descriptors too unless they are
  // taken.
  using OnPacket = std::function<void(std::string_view, std::vector<os::Fd>& descriptors)>;
  // The peer has closed or broken the channel. Nothing is called after it.
  using OnEnd = std::function<void()>;

  PacketChannel(Loop& loop, os::Fd socket, std::size_t packet_max);
  ~PacketChannel();
  PacketChannel(const PacketChannel&) = delete;
  PacketChannel& operator=(const PacketChannel&) = delete;

  Status Start(OnPacket on_packet, OnEnd on_end);
  // Sends now or when the socket has room. kUnavailable when limits::packets_queued_max wait, or
  // the channel has ended.
  Status Send(std::string packet);
  int descriptor() const { return socket_.get(); }
  // Whether packets wait for room.
  bool busy() const { return !queue_.empty(); }
  // Sends what waits, blocking; for a clean end.
  void Flush();

 private:
  void OnReady(Readiness ready) override;
  void SendQueued();
  void End();

  Loop& loop_;
  os::Fd socket_;
  Secret buffer_;
  std::deque<std::string> queue_;
  OnPacket on_packet_;
  OnEnd on_end_;
  bool ended_ = false;
  bool* gone_ = nullptr;  // set while on the stack, so that a callback may destroy the channel
};

}  // namespace aileron::net
