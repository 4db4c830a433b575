// Mapping: which address of the host leads to which port of a sandbox, as docker writes it.
//
//   mapping = [ host ":" ] host-port | [ host ":" ] [ host-port ] ":" port
//   place   = [ host ":" ] host-port
//   host    = IPv4 address | "[" IPv6 address "]" | "localhost"
//
// "8080" is port 8080 on both sides; ":3000" and "0:3000" let the system choose the host's port.
// Without a host it is 127.0.0.1: what others can reach has to be written out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/address.h"

namespace aileron::service {

// 127.0.0.1
policy::Address Loopback();

struct Place {
  policy::Address host = Loopback();
  std::uint16_t port = 0;  // 0: the system chooses

  // 127.0.0.0/8 or ::1: nobody else reaches it.
  bool loopback() const { return Classify(host) == policy::AddressKind::kLoopback; }
  // "127.0.0.1:8080", "[::1]:8080"
  std::string ToString() const;
  bool operator==(const Place&) const = default;
};

struct Mapping {
  Place outside;
  std::uint16_t port = 0;  // inside; never 0
  bool operator==(const Mapping&) const = default;
};

// kInvalid shows how it is written.
Result<Mapping> ParseMapping(std::string_view text);
Result<Place> ParsePlace(std::string_view text);

}  // namespace aileron::service
