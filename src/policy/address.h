// Address: an IP address, and what kind of place it leads to.
//
// The kinds follow IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates).
// An address that carries another one inside (IPv4-mapped, NAT64, 6to4, Teredo, IPv4-translated) is
// judged by what it carries, since that is where the packets go. Everything that is not known to be
// public unicast is not public: in doubt, refuse.
//
//   ipv4 = 4 decimal octets, no leading zeros            ipv6 = RFC 4291 §2.2, no zone
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aileron::policy {

enum class Family : std::uint8_t { kIpv4, kIpv6 };

class Address {
 public:
  Address() = default;  // 0.0.0.0
  static Address V4(const std::array<std::uint8_t, 4>& octets);
  static Address V6(const std::array<std::uint8_t, 16>& octets);
  // Strict, so that no two parsers read it differently: "127.1", "010.0.0.1", "0x7f000001",
  // "fe80::1%eth0" and "[::1]" are not addresses.
  static std::optional<Address> Parse(std::string_view text);

  Family family() const { return family_; }
  // 4 or 16 bytes in network order.
  std::span<const std::uint8_t> bytes() const {
    return {octets_.data(), family_ == Family::kIpv4 ? std::size_t{4} : std::size_t{16}};
  }
  // The canonical text (RFC 5952 for IPv6), without brackets.
  std::string ToString() const;

  auto operator<=>(const Address&) const = default;

 private:
  Family family_ = Family::kIpv4;
  std::array<std::uint8_t, 16> octets_{};
};

enum class AddressKind : std::uint8_t {
  kPublic,         // unicast on the internet: the only kind that "public only" lets through
  kUnspecified,    // 0.0.0.0/8, :: — Linux connects to itself
  kLoopback,       // 127.0.0.0/8, ::1
  kPrivate,        // RFC 1918, unique local (fc00::/7), site local (fec0::/10)
  kLinkLocal,      // 169.254.0.0/16, fe80::/10
  kCgnat,          // 100.64.0.0/10: the carrier's inside, and VPN meshes
  kMulticast,      // 224.0.0.0/4, ff00::/8
  kBroadcast,      // 255.255.255.255
  kMetadata,       // where clouds answer with the machine's credentials
  kDocumentation,  // example ranges
  kBenchmark,      // 198.18.0.0/15, 2001:2::/48
  kReserved,       // the rest of the special registries, and space nobody has allocated
};

// The kind of the place that packets to `address` end up at.
AddressKind Classify(const Address& address);
inline bool IsPublic(const Address& address) { return Classify(address) == AddressKind::kPublic; }

// "a private address", "a cloud metadata address": fits behind "X is".
std::string_view Describe(AddressKind kind);

// The IPv4 address that an IPv6 address carries, when its format is one that carries one.
std::optional<Address> EmbeddedIpv4(const Address& address);

// Whether some parser reads `host` as an IPv4 address although Address::Parse does not ("127.1",
// "0x7f.1", "2130706433"): its last label is a number (WHATWG URL §3.5). Such a name is never
// resolved.
bool LooksLikeIpv4(std::string_view host);

// Prefix: a range of addresses, "10.0.0.0/8". Bits after the length must be zero.
class Prefix {
 public:
  Prefix() = default;
  Prefix(const Address& address, int length) : address_(address), length_(length) {}
  static std::optional<Prefix> Parse(std::string_view text);

  bool Contains(const Address& address) const;
  const Address& address() const { return address_; }
  int length() const { return length_; }
  std::string ToString() const;

 private:
  Address address_;
  int length_ = 0;
};

}  // namespace aileron::policy
