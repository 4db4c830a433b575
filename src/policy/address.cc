#include "policy/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace aileron::policy {

namespace {

struct Range4 {
  std::array<std::uint8_t, 4> base;
  int length;
  AddressKind kind;
};
struct Range6 {
  std::array<std::uint8_t, 16> base;
  int length;
  AddressKind kind;
};

// IANA IPv4 Special-Purpose Address Registry, and multicast. The first match counts, so what is
// inside a larger range stands before it.
constexpr Range4 kRanges4[] = {
    {{169, 254, 169, 254}, 32, AddressKind::kMetadata},  // AWS, GCP, Azure, DigitalOcean …
    {{169, 254, 170, 2}, 32, AddressKind::kMetadata},    // AWS ECS task credentials
    {{169, 254, 170, 23}, 32, AddressKind::kMetadata},   // AWS EKS pod identity
    {{169, 254, 0, 23}, 32, AddressKind::kMetadata},     // Tencent Cloud
    {{100, 100, 100, 200}, 32, AddressKind::kMetadata},  // Alibaba Cloud
    {{192, 0, 0, 192}, 32, AddressKind::kMetadata},      // Oracle Cloud (old)
    {{168, 63, 129, 16}, 32, AddressKind::kMetadata},    // Azure's host, in public space
    {{255, 255, 255, 255}, 32, AddressKind::kBroadcast},
    {{0, 0, 0, 0}, 8, AddressKind::kUnspecified},
    {{10, 0, 0, 0}, 8, AddressKind::kPrivate},
    {{100, 64, 0, 0}, 10, AddressKind::kCgnat},
    {{127, 0, 0, 0}, 8, AddressKind::kLoopback},
    {{169, 254, 0, 0}, 16, AddressKind::kLinkLocal},
    {{172, 16, 0, 0}, 12, AddressKind::kPrivate},
    {{192, 0, 0, 9}, 32, AddressKind::kPublic},   // PCP anycast: globally reachable by the registry
    {{192, 0, 0, 10}, 32, AddressKind::kPublic},  // TURN anycast: likewise
    {{192, 0, 0, 0}, 24, AddressKind::kReserved},
    {{192, 0, 2, 0}, 24, AddressKind::kDocumentation},
    {{192, 88, 99, 0}, 24, AddressKind::kReserved},  // 6to4 relay anycast, withdrawn
    {{192, 168, 0, 0}, 16, AddressKind::kPrivate},
    {{198, 18, 0, 0}, 15, AddressKind::kBenchmark},
    {{198, 51, 100, 0}, 24, AddressKind::kDocumentation},
    {{203, 0, 113, 0}, 24, AddressKind::kDocumentation},
    {{224, 0, 0, 0}, 4, AddressKind::kMulticast},
    {{240, 0, 0, 0}, 4, AddressKind::kReserved},
};

// IANA IPv6 Special-Purpose Address Registry, multicast, and what is left of the address space.
// Global unicast is 2000::/3; everything outside of it that no line names is not allocated.
constexpr Range6 kRanges6[] = {
    {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, AddressKind::kMetadata},
    {{0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, AddressKind::kMetadata},
    {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23}, 128, AddressKind::kMetadata},
    {{0xfd, 0, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0xa9, 0xfe, 0xa9, 0xfe},
     128,
     AddressKind::kMetadata},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 128, AddressKind::kUnspecified},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressKind::kLoopback},
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, AddressKind::kPrivate},  // NAT64 inside a network
    {{0x01, 0}, 64, AddressKind::kReserved},                   // discard only, 100::/64
    {{0x20, 0x01, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressKind::kPublic},
    {{0x20, 0x01, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}, 128, AddressKind::kPublic},
    {{0x20, 0x01, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}, 128, AddressKind::kPublic},
    {{0x20, 0x01, 0, 0x02, 0, 0}, 48, AddressKind::kBenchmark},
    {{0x20, 0x01, 0, 0x03}, 32, AddressKind::kPublic},              // AMT
    {{0x20, 0x01, 0, 0x04, 0x01, 0x12}, 48, AddressKind::kPublic},  // AS112-v6
    {{0x20, 0x01, 0, 0x20}, 28, AddressKind::kReserved},  // ORCHIDv2: identifiers, not places
    {{0x20, 0x01, 0, 0x30}, 28, AddressKind::kReserved},  // drone remote ids: likewise
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressKind::kDocumentation},
    {{0x20, 0x01, 0}, 23, AddressKind::kReserved},               // protocol assignments
    {{0x26, 0x20, 0, 0x4f, 0x80, 0}, 48, AddressKind::kPublic},  // AS112 direct delegation
    {{0x3f, 0xfe}, 16, AddressKind::kReserved},                  // 6bone, returned
    {{0x3f, 0xff, 0}, 20, AddressKind::kDocumentation},
    {{0x20}, 3, AddressKind::kPublic},
    {{0x5f, 0}, 16, AddressKind::kReserved},  // segment routing ids
    {{0xfc}, 7, AddressKind::kPrivate},
    {{0xfe, 0x80}, 10, AddressKind::kLinkLocal},
    {{0xfe, 0xc0}, 10, AddressKind::kPrivate},  // site local, deprecated
    {{0xff}, 8, AddressKind::kMulticast},
};

bool SameBits(const std::uint8_t* a, const std::uint8_t* b, int bits) {
  const int whole = bits / 8;
  if (std::memcmp(a, b, static_cast<std::size_t>(whole)) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (a[whole] & mask) == (b[whole] & mask);
}

AddressKind Classify4(const std::uint8_t* octets) {
  for (const Range4& range : kRanges4) {
    if (SameBits(octets, range.base.data(), range.length)) return range.kind;
  }
  return AddressKind::kPublic;
}

Address V4From(const std::uint8_t* octets) {
  return Address::V4({octets[0], octets[1], octets[2], octets[3]});
}

bool StartsWith(std::span<const std::uint8_t> octets, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), octets.begin());
}

}  // namespace

Address Address::V4(const std::array<std::uint8_t, 4>& octets) {
  Address address;
  std::copy(octets.begin(), octets.end(), address.octets_.begin());
  return address;
}

Address Address::V6(const std::array<std::uint8_t, 16>& octets) {
  Address address;
  address.family_ = Family::kIpv6;
  address.octets_ = octets;
  return address;
}

std::optional<Address> Address::Parse(std::string_view text) {
  // inet_pton is as strict as we want; it only needs a terminated copy, which is short.
  char copy[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof copy) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  std::array<std::uint8_t, 4> v4;
  if (inet_pton(AF_INET, copy, v4.data()) == 1) return V4(v4);
  std::array<std::uint8_t, 16> v6;
  if (inet_pton(AF_INET6, copy, v6.data()) == 1) return V6(v6);
  return std::nullopt;
}

std::string Address::ToString() const {
  char text[INET6_ADDRSTRLEN];
  const int family = family_ == Family::kIpv4 ? AF_INET : AF_INET6;
  return inet_ntop(family, octets_.data(), text, sizeof text);
}

std::optional<Address> EmbeddedIpv4(const Address& address) {
  if (address.family() != Family::kIpv6) return std::nullopt;
  const auto octets = address.bytes();
  // ::ffff:a.b.c.d, IPv4-mapped: the kernel itself turns it into IPv4.
  if (StartsWith(octets, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return V4From(&octets[12]);
  // ::ffff:0:a.b.c.d, IPv4-translated (RFC 2765).
  if (StartsWith(octets, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0})) return V4From(&octets[12]);
  // 64:ff9b::a.b.c.d, NAT64.
  if (StartsWith(octets, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return V4From(&octets[12]);
  // 2002:aabb:ccdd::, 6to4.
  if (StartsWith(octets, {0x20, 0x02})) return V4From(&octets[2]);
  // 2001:0::, Teredo: the client's address, each bit turned over.
  if (StartsWith(octets, {0x20, 0x01, 0, 0})) {
    std::uint8_t client[4];
    for (int i = 0; i < 4; ++i) client[i] = static_cast<std::uint8_t>(~octets[12 + i]);
    return V4From(client);
  }
  // ::a.b.c.d, IPv4-compatible, withdrawn; :: and ::1 are themselves.
  if (StartsWith(octets, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) &&
      (octets[12] != 0 || octets[13] != 0 || octets[14] != 0 || octets[15] > 1)) {
    return V4From(&octets[12]);
  }
  return std::nullopt;
}

AddressKind Classify(const Address& address) {
  const auto octets = address.bytes();
  if (address.family() == Family::kIpv4) return Classify4(octets.data());
  if (const auto inside = EmbeddedIpv4(address)) {
    const AddressKind kind = Classify4(inside->bytes().data());
    if (kind != AddressKind::kPublic) return kind;
    // A Teredo address also names its relay; a withdrawn format leads nowhere on purpose.
    if (StartsWith(octets, {0x20, 0x01, 0, 0})) return Classify4(&octets[4]);
    const bool compatible = StartsWith(octets, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    return compatible ? AddressKind::kReserved : AddressKind::kPublic;
  }
  for (const Range6& range : kRanges6) {
    if (SameBits(octets.data(), range.base.data(), range.length)) return range.kind;
  }
  return AddressKind::kReserved;
}

std::string_view Describe(AddressKind kind) {
  switch (kind) {
    case AddressKind::kPublic:
      return "a public address";
    case AddressKind::kUnspecified:
      return "the unspecified address, which means this machine";
    case AddressKind::kLoopback:
      return "a loopback address";
    case AddressKind::kPrivate:
      return "a private address";
    case AddressKind::kLinkLocal:
      return "a link-local address";
    case AddressKind::kCgnat:
      return "a shared (CGNAT) address";
    case AddressKind::kMulticast:
      return "a multicast address";
    case AddressKind::kBroadcast:
      return "the broadcast address";
    case AddressKind::kMetadata:
      return "a cloud metadata address";
    case AddressKind::kDocumentation:
      return "an address for documentation";
    case AddressKind::kBenchmark:
      return "an address for benchmarks";
    case AddressKind::kReserved:
      return "a reserved address";
  }
  return "an unknown address";
}

bool LooksLikeIpv4(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (last.empty()) return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (std::all_of(last.begin(), last.end(), digit)) return !Address::Parse(host);
  if (last.size() < 2 || last[0] != '0' || ToLower(last[1]) != 'x') return false;
  return std::all_of(last.begin() + 2, last.end(),
                     [&](char c) { return digit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'f'); });
}

std::optional<Prefix> Prefix::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = Address::Parse(text.substr(0, slash));
  const auto length = ParseInteger<unsigned>(text.substr(slash + 1));
  if (!address || !length) return std::nullopt;
  const auto octets = address->bytes();
  if (*length > octets.size() * 8) return std::nullopt;
  for (std::size_t bit = *length; bit < octets.size() * 8; ++bit) {
    if ((octets[bit / 8] & (0x80 >> (bit % 8))) != 0) return std::nullopt;
  }
  return Prefix(*address, static_cast<int>(*length));
}

bool Prefix::Contains(const Address& address) const {
  return address.family() == address_.family() &&
         SameBits(address.bytes().data(), address_.bytes().data(), length_);
}

std::string Prefix::ToString() const { return fmt::format("{}/{}", address_.ToString(), length_); }

}  // namespace aileron::policy
