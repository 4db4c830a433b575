// Plan: what all workers of a run share. Fixed before they start, but for the window and two
// counters.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

#include "clock.h"
#include "options.h"
#include "tls.h"

namespace loadgen {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

struct Plan {
  explicit Plan(const Options& of);

  bool InWindow(Nanos time) const { return time >= window_start && time < window_end; }
  // Takes the next operation's number. False when --requests of them were taken.
  bool Take(std::uint64_t& number);
  // The time between two operations of one connection; 0 in a closed loop.
  Nanos Interval() const;
  std::string HostOf(std::uint64_t number) const;
  std::string ConnectRequest(const std::string& host) const;
  std::string Request(const std::string& host) const;

  const Options& options;
  TlsContext tls;
  Address address;              // of the proxy or the server
  std::string request_fields;   // all of a request after its Host field
  std::string websocket_frame;  // one text frame, masked
  // Set while the workers run: the window opens when its beginning was acknowledged.
  std::atomic<Nanos> window_start{std::numeric_limits<Nanos>::max()};
  std::atomic<Nanos> window_end{std::numeric_limits<Nanos>::max()};
  std::atomic<std::uint64_t> taken{0};
  std::atomic<int> holding{0};
};

}  // namespace loadgen
