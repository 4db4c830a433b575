// OpaqueHosts: the places that a session reaches without anybody looking inside: clients that know
// their server's certificate, and protocols that are not HTTP.
//
//   entry = pattern [ ":" port ]        base/host_pattern.h; port 443 if none
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_pattern.h"
#include "base/result.h"

namespace aileron::proxy {

class OpaqueHosts {
 public:
  OpaqueHosts() = default;
  // kInvalid names the entry.
  static Result<OpaqueHosts> Parse(std::span<const std::string> entries);

  // `host` as ParseHost spells it.
  bool Contains(std::string_view host, std::uint16_t port) const;
  // The first entry that some host of `pattern` belongs to, or null.
  const HostPort* Meets(const HostPattern& pattern, std::uint16_t port) const;

  // Each in its one spelling, with its port.
  std::vector<std::string> Entries() const;
  bool empty() const { return entries_.empty(); }

 private:
  std::vector<HostPort> entries_;
};

}  // namespace aileron::proxy
