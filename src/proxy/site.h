// Site: where a request goes, as the client named it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/permit.h"

namespace aileron::proxy {

// What a client speaks, and so what an upstream is asked for first.
enum class HttpVersion : std::uint8_t { k1, k2 };

struct Site {
  std::string host;  // lower case, no final dot; an IPv6 literal without brackets
  std::uint16_t port = 0;
  Scheme scheme = Scheme::kHttps;
  How how = How::kConnect;
  // Who connects there, when not just anybody: connections of one identity serve no other.
  std::string identity;
  std::uint64_t ticket = 0;                       // of a request of the daemon's own (permit.h)
  std::shared_ptr<const Credential> certificate;  // a client certificate, in PEM

  std::uint16_t default_port() const { return scheme == Scheme::kHttps ? 443 : 80; }
  // host[:port] as a Host field says it: the port is left out when it is the scheme's own.
  std::string Authority() const;
  // To look things up by: host, port, and what kind of thing it is.
  std::string Key(char kind) const;
  bool operator==(const Site&) const = default;
};

// The name as we compare it: lower case, without a final dot. Nothing for what is neither a DNS
// name (letters, digits, hyphens, underscores; labels of 1 to 63, 253 in all) nor an address
// literal, and for what only some parsers take for an address ("127.1").
std::optional<std::string> CanonicalHost(std::string_view host);

// The name under which a session reaches aileron itself.
inline constexpr std::string_view kInternalHost = "aileron.internal";

}  // namespace aileron::proxy
