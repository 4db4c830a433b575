// Endpoint: an IP address and a port, as sockets take them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aileron::net {

class Endpoint {
 public:
  Endpoint() = default;
  // `bytes` are 4 or 16, in network order.
  Endpoint(std::span<const std::uint8_t> bytes, std::uint16_t port);
  // An address literal without brackets, no zone.
  static std::optional<Endpoint> Parse(std::string_view address, std::uint16_t port);
  // IPv4-mapped IPv6 addresses become IPv4: dual-stack listeners hand them out.
  static std::optional<Endpoint> From(const sockaddr_storage& address);

  bool is_v6() const { return is_v6_; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v6_ ? 16u : 4u}; }
  std::uint16_t port() const { return port_; }
  Endpoint WithPort(std::uint16_t port) const;

  // Returns the length to hand to connect().
  socklen_t ToSockaddr(sockaddr_storage& out) const;
  // The address alone, "192.0.2.1" or "2001:db8::1".
  std::string Address() const;
  // "192.0.2.1:443" or "[2001:db8::1]:443".
  std::string ToString() const;

  auto operator<=>(const Endpoint&) const = default;

 private:
  bool is_v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint16_t port_ = 0;
};

}  // namespace aileron::net
