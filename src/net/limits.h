// Bounds of the net room.
#pragma once

#include <chrono>
#include <cstddef>

namespace aileron::net::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr int events_per_turn = 128;
constexpr std::size_t packets_queued_max = 2048;  // waiting for a full channel to drain
constexpr std::size_t addresses_per_name_max = 32;
constexpr std::size_t lookups_max = 1024;  // at a time
constexpr std::size_t hosts_file_max = 1 << 20;
constexpr std::size_t root_bundle_max = 8 << 20;
constexpr std::size_t tls_sessions_max = 256;  // kept to resume upstream handshakes
constexpr auto resolve_timeout = 10s;
constexpr auto resolve_try = 2000ms;  // one server, one try; doubles by itself
constexpr int resolve_tries = 2;
constexpr auto resolution_delay = 50ms;  // for IPv6 when IPv4 answered first; RFC 8305 §3
constexpr auto connect_stagger = 250ms;  // RFC 8305 §5
constexpr std::size_t client_certificate_max = 64 << 10;  // in PEM, with key and chain

}  // namespace aileron::net::limits
