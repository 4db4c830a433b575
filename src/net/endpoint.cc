#include "net/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

namespace aileron::net {

Endpoint::Endpoint(std::span<const std::uint8_t> bytes, std::uint16_t port)
    : is_v6_(bytes.size() == 16), port_(port) {
  std::memcpy(bytes_.data(), bytes.data(), is_v6_ ? 16 : 4);
}

std::optional<Endpoint> Endpoint::Parse(std::string_view address, std::uint16_t port) {
  const std::string text(address);
  std::array<std::uint8_t, 16> bytes;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return Endpoint(std::span(bytes).first(4), port);
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return Endpoint(bytes, port);
  return std::nullopt;
}

std::optional<Endpoint> Endpoint::From(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4.sin_addr);
    return Endpoint(std::span(bytes, 4), ntohs(v4.sin_port));
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6;
  std::memcpy(&v6, &address, sizeof v6);
  const std::uint8_t* bytes = v6.sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    return Endpoint(std::span(bytes + 12, 4), ntohs(v6.sin6_port));
  }
  return Endpoint(std::span(bytes, 16), ntohs(v6.sin6_port));
}

Endpoint Endpoint::WithPort(std::uint16_t port) const {
  Endpoint other = *this;
  other.port_ = port;
  return other;
}

socklen_t Endpoint::ToSockaddr(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof out);
  if (is_v6_) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port_);
    std::memcpy(v6.sin6_addr.s6_addr, bytes_.data(), 16);
    std::memcpy(&out, &v6, sizeof v6);
    return sizeof v6;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port_);
  std::memcpy(&v4.sin_addr, bytes_.data(), 4);
  std::memcpy(&out, &v4, sizeof v4);
  return sizeof v4;
}

std::string Endpoint::Address() const {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(is_v6_ ? AF_INET6 : AF_INET, bytes_.data(), text, sizeof text);
  return text;
}

std::string Endpoint::ToString() const {
  return is_v6_ ? fmt::format("[{}]:{}", Address(), port_) : fmt::format("{}:{}", Address(), port_);
}

}  // namespace aileron::net
