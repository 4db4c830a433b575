// Timeouts: how long the data plane waits for what, as a session may set it.
//
//   setting = name "=" duration / name "=none"        "connect=5s", "idle=none"
//
// There is no limit for a whole request: a stream that moves may go on for ever.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proxy/limits.h"

namespace aileron::proxy {

struct Timeouts {
  using Length = std::chrono::milliseconds;
  static constexpr Length kNone = Length::zero();

  Length connect = limits::connect_timeout;     // to a site or the upstream proxy, all addresses
  Length tls = limits::tls_timeout;             // a handshake, on either side
  Length head = limits::response_head_timeout;  // from the request's end to the answer's head
  Length upload = limits::body_stall;           // a request's body that stands still
  Length reader = limits::reader_stall;         // a client that takes nothing of an answer
  Length idle = kNone;                          // an answer or a tunnel in which nothing moves
  Length pool = limits::pool_idle;              // a connection that waits for its next request
  bool operator==(const Timeouts&) const = default;
};

// One setting; kInvalid says what is wrong with it.
Status ApplyTimeout(std::string_view setting, Timeouts& timeouts);

// Each of them by name, to read and to write, in the order above.
struct NamedTimeout {
  std::string_view name;
  Timeouts::Length Timeouts::* member;
  bool may_be_none;
  std::string_view what;
};
std::span<const NamedTimeout> AllTimeouts();

}  // namespace aileron::proxy
