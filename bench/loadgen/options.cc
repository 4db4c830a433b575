#include "options.h"

#include <charconv>
#include <string_view>

#include "die.h"
#include "limits.h"

namespace loadgen {
namespace {

template <class Number>
Number ToNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    Die("\"" + std::string(text) + "\" is not a number, or out of range");
  }
  return number;
}

Target ToTarget(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) Die("expected HOST:PORT, not " + std::string(text));
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Mode ToMode(std::string_view text) {
  if (text == "keepalive") return Mode::kKeepAlive;
  if (text == "newconn") return Mode::kNewConn;
  if (text == "hold") return Mode::kHold;
  if (text == "sse") return Mode::kSse;
  if (text == "ws") return Mode::kWs;
  if (text == "h2") return Mode::kH2;
  Die("there is no mode \"" + std::string(text) + "\"");
}

void ReadUrl(Options& options, std::string_view url) {
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme)) Die("the URL must start with https://");
  url.remove_prefix(scheme.size());
  const auto slash = url.find('/');
  const std::string_view authority = url.substr(0, slash);
  if (slash != std::string_view::npos) options.path = url.substr(slash);
  const auto colon = authority.find(':');
  options.url.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) options.url.port = authority.substr(colon + 1);
}

// Of two words; true for the second.
bool Second(std::string_view text, std::string_view first, std::string_view second) {
  if (text == second) return true;
  if (text != first) Die("expected " + std::string(first) + " or " + std::string(second));
  return false;
}

bool ToStdin(std::string_view text) {
  if (text != "stdin") Die("--wait-for knows stdin alone");
  return true;
}

struct Flag {
  std::string_view name;
  std::string_view value;
  std::string_view help;
  void (*set)(Options& options, std::string_view value);
};

constexpr Flag kFlags[] = {
    {"--url", "URL", "https://HOST[:PORT]/PATH; {n} in HOST is a number never used before",
     [](Options& o, std::string_view v) { ReadUrl(o, v); }},
    {"--mode", "MODE", "keepalive (default), newconn, hold, sse, ws or h2",
     [](Options& o, std::string_view v) { o.mode = ToMode(v); }},
    {"--proxy", "HOST:PORT", "go through an HTTP CONNECT proxy",
     [](Options& o, std::string_view v) { o.proxy = ToTarget(v); }},
    {"--proxy-auth", "USER:PASSWORD", "Proxy-Authorization: Basic",
     [](Options& o, std::string_view v) { o.proxy_auth = v; }},
    {"--connect-to", "HOST:PORT", "without a proxy: connect here instead of the URL's host",
     [](Options& o, std::string_view v) { o.connect_to = ToTarget(v); }},
    {"--connections", "N", "connections over all threads (1)",
     [](Options& o, std::string_view v) { o.connections = ToNumber<int>(v); }},
    {"--threads", "N", "threads (1)",
     [](Options& o, std::string_view v) { o.threads = ToNumber<int>(v); }},
    {"--duration", "S", "seconds that count (5)",
     [](Options& o, std::string_view v) { o.duration_s = ToNumber<double>(v); }},
    {"--warmup", "S", "seconds before them that do not (1)",
     [](Options& o, std::string_view v) { o.warmup_s = ToNumber<double>(v); }},
    {"--requests", "N", "stop after N operations instead, without a warm-up",
     [](Options& o, std::string_view v) { o.requests = ToNumber<std::uint64_t>(v); }},
    {"--rate", "R", "open loop, R operations a second in all",
     [](Options& o, std::string_view v) { o.rate = ToNumber<double>(v); }},
    {"--timeout", "S", "of one operation (20)",
     [](Options& o, std::string_view v) { o.timeout_s = ToNumber<double>(v); }},
    {"--wait-for", "stdin", "wait for a line there after telling begin, and after telling end",
     [](Options& o, std::string_view v) { o.acknowledged = ToStdin(v); }},
    {"--header", "'K: V'", "one more request header; may be repeated",
     [](Options& o, std::string_view v) { o.headers.emplace_back(v); }},
    {"--upload-bytes", "N", "POST a body of N bytes",
     [](Options& o, std::string_view v) { o.upload_bytes = ToNumber<std::uint64_t>(v); }},
    {"--expect-bytes", "N", "a response body of another size is an error",
     [](Options& o, std::string_view v) { o.expect_bytes = ToNumber<std::uint64_t>(v); }},
    {"--host-start", "N", "the first value of {n} (0)",
     [](Options& o, std::string_view v) { o.host_start = ToNumber<std::uint64_t>(v); }},
    {"--ramp", "N", "hold: connections opened at the same time (32)",
     [](Options& o, std::string_view v) { o.ramp = ToNumber<int>(v); }},
    {"--ws-bytes", "N", "payload of a WebSocket frame (64)",
     [](Options& o, std::string_view v) { o.websocket_bytes = ToNumber<int>(v); }},
    {"--streams", "N", "h2: requests in flight on each connection (16)",
     [](Options& o, std::string_view v) { o.streams = ToNumber<int>(v); }},
    {"--cafile", "FILE", "verify certificates with this authority (default: do not verify)",
     [](Options& o, std::string_view v) { o.ca_file = v; }},
    {"--tls", "VERSION", "1.2 or 1.3 only", [](Options& o, std::string_view v) { o.tls = v; }},
    {"--groups", "LIST", "of the key exchange, as OpenSSL writes them",
     [](Options& o, std::string_view v) { o.groups = v; }},
    {"--handshakes", "KIND", "newconn: full (default), or resumed where the server lets",
     [](Options& o, std::string_view v) { o.resume = Second(v, "full", "resumed"); }},
    {"--hold-after", "WHAT", "hold: request (default) or handshake",
     [](Options& o, std::string_view v) { o.hold_request = !Second(v, "request", "handshake"); }},
};

[[noreturn]] void Usage() {
  std::printf("usage: loadgen --url URL [OPTION VALUE]…\n\n");
  for (const Flag& flag : kFlags) {
    std::printf("  %-15s %-14s %s\n", flag.name.data(), flag.value.data(), flag.help.data());
  }
  std::exit(0);
}

void Check(const Options& options) {
  if (options.url.host.empty()) Die("--url is required");
  if (options.connections < 1) Die("--connections must be at least 1");
  if (options.threads < 1 || options.threads > options.connections) {
    Die("--threads must be between 1 and --connections");
  }
  if (options.ramp < 1) Die("--ramp must be at least 1");
  if (options.websocket_bytes < 1 || options.websocket_bytes > limits::websocket_bytes_max) {
    Die("--ws-bytes must be between 1 and " + std::to_string(limits::websocket_bytes_max));
  }
  if (options.streams < 1 || options.streams > limits::streams_max) {
    Die("--streams must be between 1 and " + std::to_string(limits::streams_max));
  }
  if (!options.tls.empty() && options.tls != "1.2" && options.tls != "1.3") {
    Die("--tls must be 1.2 or 1.3");
  }
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--help") Usage();
    const Flag* found = nullptr;
    for (const Flag& flag : kFlags) {
      if (flag.name == name) found = &flag;
    }
    if (found == nullptr) Die("there is no option " + std::string(name) + "; --help lists them");
    if (i + 1 >= argc) Die(std::string(name) + " needs a value");
    found->set(options, argv[i + 1]);
  }
  if (options.requests > 0) options.warmup_s = 0;
  Check(options);
  return options;
}

}  // namespace loadgen
