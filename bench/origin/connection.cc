#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace origin {
namespace {

constexpr std::size_t kHeadMax = 64 * 1024;
constexpr std::int64_t kInterval = 10'000'000;  // ns between two events

constexpr std::string_view kEventsHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "Connection: close\r\n\r\n";

std::int64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void SleepUntil(std::int64_t time) {
  const timespec until{time / 1'000'000'000, time % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

// Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2).
std::string AcceptFor(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> base64{};
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), digest.data(), digest.size());
  return base64.data();
}

bool SameName(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
  }
  return true;
}

}  // namespace

Connection::Connection(SSL_CTX* context, int descriptor)
    : descriptor_(descriptor), tls_(SSL_new(context), SSL_free) {
  const int one = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  SSL_set_fd(tls_.get(), descriptor_);
}

Connection::~Connection() { close(descriptor_); }

void Connection::Serve() {
  if (SSL_accept(tls_.get()) != 1 || !ReadHead()) return;
  if (head_.starts_with("GET /events ")) {
    SendEvents();
  } else if (!Field("Sec-WebSocket-Key").empty()) {
    Echo();
  }
}

bool Connection::ReadHead() {
  std::size_t end = std::string::npos;
  while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
    if (in_.size() > kHeadMax || !Read()) return false;
  }
  head_ = in_.substr(0, end + 2);
  in_.erase(0, end + 4);
  return true;
}

std::string_view Connection::Field(std::string_view name) const {
  std::string_view rest = head_;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !SameName(line.substr(0, colon), name)) continue;
    const std::string_view value = line.substr(colon + 1);
    const std::size_t begin = value.find_first_not_of(' ');
    return begin == std::string_view::npos ? std::string_view() : value.substr(begin);
  }
  return {};
}

void Connection::SendEvents() {
  if (!Write(kEventsHead)) return;
  for (std::int64_t due = Now() + kInterval;; due += kInterval) {
    SleepUntil(due);
    if (!Write("data: " + std::to_string(Now()) + "\n\n")) return;
  }
}

// A client's frame of at most 64 KiB: flags, the mask bit and the length (7 or 16 bits), the mask,
// the payload. The answer is the same without the mask.
void Connection::Echo() {
  const std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      AcceptFor(Field("Sec-WebSocket-Key")) + "\r\n\r\n";
  if (!Write(answer)) return;
  constexpr std::size_t mask_size = 4;
  for (;;) {
    if (!Fill(2)) return;
    std::size_t head = 2;
    std::size_t size = in_[1] & 0x7f;
    if (size == 127) return;
    if (size == 126) {
      head = 4;
      if (!Fill(head)) return;
      size =
          std::size_t{static_cast<unsigned char>(in_[2])} << 8 | static_cast<unsigned char>(in_[3]);
    }
    if (!Fill(head + mask_size + size)) return;
    std::string frame = in_.substr(0, head);
    frame[1] = static_cast<char>(frame[1] & 0x7f);
    for (std::size_t i = 0; i < size; ++i) {
      frame += static_cast<char>(in_[head + mask_size + i] ^ in_[head + i % mask_size]);
    }
    in_.erase(0, head + mask_size + size);
    if (!Write(frame)) return;
  }
}

bool Connection::Fill(std::size_t count) {
  while (in_.size() < count) {
    if (!Read()) return false;
  }
  return true;
}

bool Connection::Read() {
  const int count = SSL_read(tls_.get(), chunk_.data(), static_cast<int>(chunk_.size()));
  if (count <= 0) return false;
  in_.append(chunk_.data(), static_cast<std::size_t>(count));
  return true;
}

bool Connection::Write(std::string_view bytes) {
  return SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

}  // namespace origin
