#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "limits.h"

namespace loadgen {

Connection::Connection(Connection&& other) noexcept : plan_(other.plan_), stats_(other.stats_) {}

Event Connection::Open(std::string host, int epoll, std::uint32_t token) {
  host_ = std::move(host);
  responses_ = 0;
  opened_ = phase_began_ = Now();
  const auto* address = reinterpret_cast<const sockaddr*>(&plan_->address.storage);
  descriptor_ = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return Fail(std::string("socket: ") + std::strerror(errno));
  const int one = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u32 = token;
  epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor_, &event);
  phase_ = Phase::kTcp;
  if (connect(descriptor_, address, plan_->address.length) != 0 && errno != EINPROGRESS) {
    return Fail(std::string("connect: ") + std::strerror(errno));
  }
  return Event::kWaiting;
}

Event Connection::Advance(std::uint32_t events, std::span<char> buffer) {
  switch (phase_) {
    case Phase::kClosed:
      return Event::kWaiting;
    case Phase::kTcp:
      return OnTcp(events);
    case Phase::kProxyWrite:
      return OnProxyWrite();
    case Phase::kProxyRead:
      return OnProxyRead();
    case Phase::kHandshake:
      return OnHandshake();
    case Phase::kIdle:
      return OnIdle(buffer);
    case Phase::kRequest:
      return OnRequest();
    case Phase::kResponse:
      return OnResponse(buffer);
    case Phase::kEcho:
      return OnEcho(buffer);
    case Phase::kStreams:
      return OnStreams(buffer);
  }
  return Event::kWaiting;
}

void Connection::Request(Nanos intended) {
  intended_ = intended;
  requested_ = Now();
  first_byte_ = 0;
  out_ = plan_->Request(host_);
  written_ = 0;
  upload_left_ = plan_->options.upload_bytes;
  response_.Reset();
  phase_ = Phase::kRequest;
}

void Connection::StartStreams() {
  requested_ = Now();
  streams_ = std::make_unique<Streams>(*plan_, *stats_, host_);
  phase_ = Phase::kStreams;
}

bool Connection::Ping() {
  const std::string& frame = plan_->websocket_frame;
  const auto payload = static_cast<std::size_t>(plan_->options.websocket_bytes);
  intended_ = Now();
  echo_left_ = payload + (payload < 126 ? 2 : 4);  // a server's frame has no mask
  phase_ = Phase::kEcho;
  return SSL_write(tls_.get(), frame.data(), static_cast<int>(frame.size())) ==
         static_cast<int>(frame.size());
}

void Connection::Finish() {
  if (tls_) SSL_shutdown(tls_.get());
  Close();
}

void Connection::Close() {
  ERR_clear_error();
  streams_.reset();
  tls_.reset();
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
  phase_ = Phase::kClosed;
}

Nanos Connection::began() const { return phase_ >= Phase::kRequest ? requested_ : opened_; }

Event Connection::OnTcp(std::uint32_t events) {
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return Event::kWaiting;
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return Fail(std::string("connect: ") + std::strerror(error));
  EndPhase(stats_->tcp);
  if (!plan_->options.proxy) return StartTls();
  out_ = plan_->ConnectRequest(host_);
  written_ = 0;
  proxy_answer_.clear();
  phase_ = Phase::kProxyWrite;
  return Event::kMoved;
}

Event Connection::OnProxyWrite() {
  const ssize_t count =
      send(descriptor_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN ? Event::kWaiting : Fail("write to the proxy");
  written_ += static_cast<std::size_t>(count);
  if (written_ == out_.size()) phase_ = Phase::kProxyRead;
  return Event::kMoved;
}

Event Connection::OnProxyRead() {
  std::array<char, 4096> bytes;
  const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
  if (count < 0) return errno == EAGAIN ? Event::kWaiting : Fail("read from the proxy");
  if (count == 0) return Fail("the proxy closed before its answer");
  proxy_answer_.append(bytes.data(), static_cast<std::size_t>(count));
  const auto end = proxy_answer_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (proxy_answer_.size() > limits::head_max) return Fail("the proxy's answer is too long");
    return Event::kMoved;
  }
  const std::string_view line = std::string_view(proxy_answer_).substr(0, proxy_answer_.find('\r'));
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line.substr(9, 3) != "200") {
    return Fail("CONNECT refused: " + std::string(line.substr(0, 80)));
  }
  if (proxy_answer_.size() != end + 4) return Fail("bytes after the answer to CONNECT");
  EndPhase(stats_->connect);
  return StartTls();
}

Event Connection::StartTls() {
  tls_ = plan_->tls.Start(descriptor_, host_);
  phase_ = Phase::kHandshake;
  return Event::kMoved;
}

Event Connection::OnHandshake() {
  const int result = SSL_do_handshake(tls_.get());
  if (result != 1) {
    if (WouldBlock(tls_, result)) return Event::kWaiting;
    return Fail("TLS handshake: " + TlsError(tls_));
  }
  EndPhase(stats_->tls);
  ++stats_->handshakes;
  if (SSL_session_reused(tls_.get()) == 1) ++stats_->resumed;
  if (stats_->facts.version.empty()) stats_->facts = Describe(tls_);
  if (plan_->options.mode == Mode::kH2 && !SpeaksH2(tls_)) return Fail("the peer speaks no h2");
  phase_ = Phase::kIdle;
  return Event::kReady;
}

Event Connection::OnIdle(std::span<char> buffer) {
  const int count = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
  if (count > 0 || WouldBlock(tls_, count)) return Event::kWaiting;
  return Event::kPeerClosed;
}

Event Connection::OnRequest() {
  while (written_ < out_.size()) {
    const int count =
        SSL_write(tls_.get(), out_.data() + written_, static_cast<int>(out_.size() - written_));
    if (count <= 0) return WouldBlock(tls_, count) ? Event::kWaiting : Fail("write a request");
    written_ += static_cast<std::size_t>(count);
  }
  while (upload_left_ > 0) {
    static constexpr std::array<char, limits::upload_chunk> zeros{};
    const auto want = std::min<std::uint64_t>(upload_left_, zeros.size());
    const int count = SSL_write(tls_.get(), zeros.data(), static_cast<int>(want));
    if (count <= 0) return WouldBlock(tls_, count) ? Event::kWaiting : Fail("write a body");
    upload_left_ -= static_cast<std::uint64_t>(count);
    if (plan_->InWindow(Now())) stats_->uploaded_bytes += static_cast<std::uint64_t>(count);
  }
  phase_ = Phase::kResponse;
  // The answer to a short request on a used connection cannot be here yet: wait for its edge. After
  // an upload the server may have answered early, and that edge is consumed already.
  const bool wait = responses_ > 0 && plan_->options.upload_bytes == 0;
  return wait ? Event::kWaiting : Event::kMoved;
}

Event Connection::OnResponse(std::span<char> buffer) {
  Response::OnBody on_body;
  if (plan_->options.mode == Mode::kSse) {
    on_body = [this](std::string_view bytes) { OnEvents(bytes); };
  }
  for (;;) {
    const int count = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) return WouldBlock(tls_, count) ? Event::kWaiting : OnEndInResponse();
    const Nanos now = Now();
    if (first_byte_ == 0) first_byte_ = now;
    const std::uint64_t before = response_.body_bytes();
    response_.Feed({buffer.data(), static_cast<std::size_t>(count)}, on_body);
    if (plan_->InWindow(now)) stats_->body_bytes += response_.body_bytes() - before;
    if (response_.failed()) return Fail("malformed response");
    if (!response_.done()) continue;
    ++responses_;
    phase_ = Phase::kIdle;
    return Event::kResponse;
  }
}

Event Connection::OnEndInResponse() {
  if (response_.begun() && response_.End()) {
    phase_ = Phase::kIdle;
    return Event::kResponse;
  }
  if (!response_.begun() && responses_ > 0) return Event::kPeerClosed;
  return Fail("the connection ended in a response");
}

Event Connection::OnEcho(std::span<char> buffer) {
  for (;;) {
    const int count = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) return WouldBlock(tls_, count) ? Event::kWaiting : Fail("WebSocket read");
    if (static_cast<std::size_t>(count) > echo_left_) return Fail("WebSocket: unexpected bytes");
    echo_left_ -= static_cast<std::size_t>(count);
    if (echo_left_ == 0) return Event::kEcho;
  }
}

// Reads all there is before it writes: requests that follow each other go in one record.
Event Connection::OnStreams(std::span<char> buffer) {
  for (;;) {
    const int count = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0 && WouldBlock(tls_, count)) return WriteStreams();
    if (count <= 0) return Event::kPeerClosed;
    requested_ = Now();
    if (!streams_->Receive({buffer.data(), static_cast<std::size_t>(count)})) {
      return Fail("the HTTP/2 session ended");
    }
  }
}

Event Connection::WriteStreams() {
  for (;;) {
    const std::string_view bytes = streams_->Pending();
    if (bytes.empty()) return Event::kWaiting;
    const int count = SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (count <= 0) return WouldBlock(tls_, count) ? Event::kWaiting : Fail("HTTP/2 write");
    streams_->Sent(static_cast<std::size_t>(count));
  }
}

// Each line "data: NANOSECONDS" is an operation that began when the server wrote it.
void Connection::OnEvents(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    event_line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    constexpr std::string_view field = "data: ";
    const std::string line = std::exchange(event_line_, {});
    const Nanos now = Now();
    if (!line.starts_with(field) || !plan_->InWindow(now)) continue;
    Nanos sent = 0;
    std::from_chars(line.data() + field.size(), line.data() + line.size(), sent);
    ++stats_->completed;
    stats_->latency.Add(now - sent);
  }
}

Event Connection::Fail(std::string why) {
  failure_ = std::move(why);
  return Event::kFailed;
}

void Connection::EndPhase(Histogram& durations) {
  const Nanos now = Now();
  if (plan_->options.mode != Mode::kNewConn || plan_->InWindow(now)) {
    durations.Add(now - phase_began_);
  }
  phase_began_ = now;
}

}  // namespace loadgen
