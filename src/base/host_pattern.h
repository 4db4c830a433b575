// HostPattern: which hosts a rule or a binding speaks of, and how a host is written.
//
//   pattern  = name / "*." name / address
//   name     = label *("." label)       labels of letters, digits, "-" and "_", 1 to 63 long, no
//   "-"
//                                        at either end, 253 in all; one trailing dot is dropped
//   address  = IPv4 (four decimal parts, no leading zeros) / IPv6 (with or without brackets)
//   hostport = pattern [":" port]        an IPv6 address with a port needs its brackets
//
// "*." stands for one or more whole labels, never for none: *.x.y matches a.x.y and a.b.x.y, not
// x.y. Everything is kept in one spelling: lower case, no trailing dot, addresses as inet_ntop
// writes them, an IPv4 address inside IPv6 (::ffff:1.2.3.4) as the IPv4 address that it reaches. A
// host that other software may read as an IPv4 address (0x7f.1, 127.1, 2130706433, 010.0.0.1) is
// refused, never interpreted: two readers of it would connect to different places.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron {

enum class HostKind { kName, kIpv4, kIpv6 };

// A host in its one spelling: a name, or an address without brackets.
struct Host {
  HostKind kind = HostKind::kName;
  std::string text;
  bool operator==(const Host&) const = default;
};

// kInvalid for what is neither a name nor an address. No wildcards.
Result<Host> ParseHost(std::string_view text);

class HostPattern {
 public:
  static Result<HostPattern> Parse(std::string_view text);

  // `host` as ParseHost spells it.
  bool Matches(std::string_view host) const;

  bool wildcard() const { return wildcard_; }
  HostKind kind() const { return kind_; }
  // The name or address without "*.".
  const std::string& host() const { return host_; }
  // The pattern in its one spelling.
  std::string ToString() const { return wildcard_ ? "*." + host_ : host_; }
  // Orders by how much a pattern says: an exact host beats every wildcard, a longer wildcard beats
  // a shorter one that matches the same host.
  std::size_t Specificity() const { return wildcard_ ? host_.size() : std::string::npos; }

  bool operator==(const HostPattern&) const = default;

 private:
  HostKind kind_ = HostKind::kName;
  bool wildcard_ = false;
  std::string host_;
};

struct HostPort {
  HostPattern pattern;
  std::optional<std::uint16_t> port;  // never 0
  bool operator==(const HostPort&) const = default;
};

// "a.b", "a.b:8080", "*.x.y:443", "10.0.0.1", "[::1]:443", "[::1]", "::1".
Result<HostPort> ParseHostPort(std::string_view text);

// The other way round, with brackets where an IPv6 address needs them.
std::string FormatHostPort(std::string_view host, std::uint16_t port);

}  // namespace aileron
