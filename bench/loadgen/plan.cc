#include "plan.h"

#include <netdb.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "die.h"

namespace loadgen {
namespace {

Address Resolve(const Target& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &list);
  if (result != 0) Die("cannot resolve " + target.host + ": " + gai_strerror(result));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  Address address;
  address.length = list->ai_addrlen;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  return address;
}

std::string Base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return text;
}

std::string RequestFields(const Options& options) {
  std::string fields = "User-Agent: loadgen\r\nAccept: */*\r\n";
  for (const std::string& header : options.headers) fields += header + "\r\n";
  if (options.mode == Mode::kWs) {
    fields +=
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  }
  if (options.upload_bytes > 0) {
    fields += "Content-Type: application/octet-stream\r\nContent-Length: " +
              std::to_string(options.upload_bytes) + "\r\n";
  }
  return fields + "\r\n";
}

// FIN and text, the mask bit and the length (in 16 bits from 126 on), the mask, the payload.
std::string WebSocketFrame(int payload) {
  constexpr std::array<char, 4> mask{0x12, 0x34, 0x56, 0x78};
  std::string frame(1, '\x81');
  if (payload < 126) {
    frame.push_back(static_cast<char>(0x80 | payload));
  } else {
    frame.push_back(static_cast<char>(0x80 | 126));
    frame.push_back(static_cast<char>(payload >> 8));
    frame.push_back(static_cast<char>(payload & 0xff));
  }
  frame.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(payload); ++i) {
    frame.push_back(static_cast<char>('x' ^ mask[i % mask.size()]));
  }
  return frame;
}

}  // namespace

Plan::Plan(const Options& of)
    : options(of),
      tls(of),
      address(Resolve(of.proxy ? *of.proxy : of.connect_to.value_or(of.url))),
      request_fields(RequestFields(of)),
      websocket_frame(WebSocketFrame(of.websocket_bytes)) {}

bool Plan::Take(std::uint64_t& number) {
  number = taken.fetch_add(1, std::memory_order_relaxed);
  return options.requests == 0 || number < options.requests;
}

Nanos Plan::Interval() const {
  return options.rate > 0 ? Seconds(options.connections / options.rate) : 0;
}

std::string Plan::HostOf(std::uint64_t number) const {
  std::string host = options.url.host;
  if (const auto place = host.find("{n}"); place != std::string::npos) {
    host.replace(place, 3, std::to_string(options.host_start + number));
  }
  return host;
}

std::string Plan::ConnectRequest(const std::string& host) const {
  const std::string authority = host + ":" + options.url.port;
  std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!options.proxy_auth.empty()) {
    request += "Proxy-Authorization: Basic " + Base64(options.proxy_auth) + "\r\n";
  }
  return request + "\r\n";
}

std::string Plan::Request(const std::string& host) const {
  std::string request = options.upload_bytes > 0 ? "POST " : "GET ";
  request.append(options.path).append(" HTTP/1.1\r\nHost: ").append(host);
  if (options.url.port != "443") request.append(":").append(options.url.port);
  return request.append("\r\n").append(request_fields);
}

}  // namespace loadgen
