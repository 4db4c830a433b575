// Sniff: which protocol a client speaks, by its first bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace aileron::proxy {

enum class Protocol : std::uint8_t {
  kNeedMore,
  kTls,      // a handshake record: 0x16 0x03
  kHttp,     // a method and a blank
  kHttp2,    // the preface of HTTP/2 without TLS (RFC 9113 §3.4)
  kUnknown,  // neither: nothing we can look into
};

Protocol Sniff(std::string_view first_bytes);

}  // namespace aileron::proxy
