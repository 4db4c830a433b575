// Options: what a run does, read from the command line.
//
// A command line that makes no sense ends the program with a message; nothing later checks again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace loadgen {

enum class Mode {
  kKeepAlive,  // each connection sends its next request when the response before is complete
  kNewConn,    // TCP, CONNECT, full TLS handshake and one request for every operation
  kHold,       // tunnels that stay idle after one request, so that memory can be looked at
  kSse,        // streams of server-sent events that carry the time they were sent
  kWs,         // WebSocket ping-pong
  kH2,         // HTTP/2, --streams requests in flight on each connection
};

struct Target {
  std::string host;
  std::string port;
};

struct Options {
  Mode mode = Mode::kKeepAlive;
  Target url{"", "443"};
  std::string path = "/";
  std::optional<Target> proxy;       // goes through CONNECT
  std::optional<Target> connect_to;  // without a proxy: where to connect instead of the URL's host
  std::string proxy_auth;            // "user:password"
  std::vector<std::string> headers;
  int connections = 1;
  int threads = 1;
  double duration_s = 5;
  double warmup_s = 1;
  std::uint64_t requests = 0;  // 0: by time
  double rate = 0;             // 0: closed loop; else operations a second over all connections
  double timeout_s = 20;
  bool acknowledged = false;  // the ends of the window wait for a line on standard input
  std::uint64_t upload_bytes = 0;
  std::optional<std::uint64_t> expect_bytes;
  std::uint64_t host_start = 0;
  int ramp = 32;  // kHold: connections that are being opened at the same time
  int websocket_bytes = 64;
  int streams = 16;                    // kH2: of each connection
  std::optional<std::string> ca_file;  // absent: certificates are not verified
  std::string tls;                     // "", "1.2" or "1.3"
  std::string groups;                  // of the key exchange, in OpenSSL's words; "": its own
  bool resume = false;                 // kNewConn: offers the newest session of the host
  bool hold_request = true;            // kHold: after one request, not after the handshake
};

Options ParseOptions(int argc, char** argv);

}  // namespace loadgen
