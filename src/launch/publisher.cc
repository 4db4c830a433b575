#include "launch/publisher.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "launch/limits.h"

namespace aileron::launch {

using service::Mapping;

namespace {

constexpr std::uint64_t kConnectionTag = 1ull << 32;
constexpr std::size_t kReadyAtOnce = 64;
constexpr int kBacklog = 128;

Result<int> Option(int socket, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(socket, SOL_SOCKET, option, &value, &size) != 0)
    return os::FailErrno("cannot look at a socket");
  return value;
}

socklen_t ToSockaddr(const service::Place& place, sockaddr_storage& out) {
  out = {};
  const auto bytes = place.host.bytes();
  if (place.host.family() == policy::Family::kIpv4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(place.port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(place.port);
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  return sizeof v6;
}

// Listens, and notes the port when the system chose it.
Result<os::Fd> ListenOn(service::Place& place) {
  sockaddr_storage address;
  socklen_t size = ToSockaddr(place, address);
  os::Fd socket(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return os::FailErrno("cannot make a socket");
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ss_family == AF_INET6)
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket.get(), raw, size) != 0 || listen(socket.get(), kBacklog) != 0) {
    const int number = errno;
    auto failed = os::FailErrno("cannot listen on {}", place.ToString());
    if (number == EADDRINUSE) {
      failed.error() = {Code::kUnavailable,
                        failed.error().message + ". Choose another port, or 0 for any"};
    } else if (number == EADDRNOTAVAIL) {
      failed.error().code = Code::kInvalid;
    }
    return failed;
  }
  if (getsockname(socket.get(), raw, &size) != 0) return os::FailErrno("cannot look at a socket");
  place.port = ntohs(address.ss_family == AF_INET
                         ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                         : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return socket;
}

#ifndef SO_NETNS_COOKIE
constexpr int SO_NETNS_COOKIE = 71;
#endif

// Nothing on a kernel that does not tell.
std::optional<std::uint64_t> NetworkOf(int socket) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) return std::nullopt;
  return cookie;
}

std::optional<std::uint64_t> OwnNetwork() {
  const os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return socket ? NetworkOf(socket.get()) : std::nullopt;
}

}  // namespace

std::string_view NameOf(By by) {
  constexpr std::array<std::string_view, 3> kNames = {"launch", "agent", "person"};
  return kNames[static_cast<std::size_t>(by)];
}

Status CheckFromSandbox(const os::Fd& socket) {
  const auto no = [](std::string_view what) {
    return Fail(Code::kDenied, "the sandbox sent {} in place of a connection", what);
  };
  const auto domain = Option(socket.get(), SO_DOMAIN);
  const auto type = Option(socket.get(), SO_TYPE);
  const auto protocol = Option(socket.get(), SO_PROTOCOL);
  const auto listening = Option(socket.get(), SO_ACCEPTCONN);
  if (!domain || !type || !protocol || !listening) return no("no socket");
  if ((*domain != AF_INET && *domain != AF_INET6) || *type != SOCK_STREAM ||
      *protocol != IPPROTO_TCP || *listening != 0)
    return no("another kind of socket");
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  if (getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0)
    return no("a socket without a peer");
  const auto network = NetworkOf(socket.get());
  if (network && network == OwnNetwork()) return no("a socket of the host's network");
  return {};
}

Result<Publisher> Publisher::Make(std::vector<std::uint16_t> reserved) {
  AILERON_ASSIGN(os::Poller poller, os::Poller::Make());
  return Publisher(std::move(poller), std::move(reserved));
}

Result<Publication> Publisher::Publish(const Mapping& mapping, By by) {
  if (std::ranges::find(reserved_, mapping.port) != reserved_.end()) {
    return Fail(Code::kInvalid,
                "port {} of a sandbox is its data plane's, and no program inside can have it",
                mapping.port);
  }
  if (const Publication* known = Find(mapping.port); known != nullptr) {
    return Fail(Code::kInvalid, "port {} is published already, as {}", mapping.port,
                known->mapping.outside.ToString());
  }
  if (listeners_.size() >= limits::kPublished)
    return Fail(Code::kUnavailable, "{} ports are published already", limits::kPublished);
  Listener listener{.publication = {.mapping = mapping, .by = by}, .socket = {}};
  AILERON_ASSIGN(listener.socket, ListenOn(listener.publication.mapping.outside));
  const Publication published = listener.publication;
  listeners_[mapping.port] = std::move(listener);
  Listen();
  return published;
}

Status Publisher::Unpublish(std::uint16_t port) {
  if (listeners_.erase(port) == 0)
    return Fail(Code::kNotFound, "port {} of the sandbox is not published", port);
  std::vector<std::uint32_t> through;
  for (const auto& [id, connection] : connections_) {
    if (connection.port == port) through.push_back(id);
  }
  for (const std::uint32_t id : through) Abort(id);
  return {};
}

const Publication* Publisher::Find(std::uint16_t port) const {
  const auto found = listeners_.find(port);
  return found == listeners_.end() ? nullptr : &found->second.publication;
}

std::vector<Publication> Publisher::All() const {
  std::vector<Publication> all;
  for (const auto& [port, listener] : listeners_) all.push_back(listener.publication);
  return all;
}

std::size_t Publisher::CountBy(By by) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      listeners_, [by](const auto& one) { return one.second.publication.by == by; }));
}

bool Publisher::Full() const {
  return connections_.size() >= limits::kConnections || connecting_ >= limits::kConnecting;
}

// Those who are too many wait in the kernel's queue, and then are not answered.
void Publisher::Listen() {
  const bool wanted = !Full() && !accept_again_;
  for (auto& [port, listener] : listeners_) {
    if (listener.listening == wanted) continue;
    if (wanted) {
      listener.listening =
          poller_.Add(listener.socket.get(), port, os::Poller::Trigger::kLevelRead).has_value();
    } else {
      poller_.Remove(listener.socket.get());
      listener.listening = false;
    }
  }
}

void Publisher::Accept(std::uint16_t port, Duration now) {
  const auto found = listeners_.find(port);
  if (found == listeners_.end() || !connect_ || Full()) return;
  os::Fd socket(accept4(found->second.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      accept_again_ = now + limits::kAcceptAgain;
    return Listen();
  }
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const std::uint32_t id = ++last_;
  connections_[id] = {.port = port,
                      .until = now + limits::kConnectWait,
                      .outside = std::move(socket),
                      .relay = std::nullopt};
  ++connecting_;
  connect_(id, port);
  Listen();
}

void Publisher::Connected(std::uint32_t id, std::vector<os::Fd> sockets) {
  for (const os::Fd& socket : sockets) NeverLinger(socket.get());
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.relay) return;
  if (sockets.size() != 1 || !CheckFromSandbox(sockets[0])) return Abort(id);
  --connecting_;
  Connection& connection = found->second;
  connection.relay.emplace(std::move(connection.outside), std::move(sockets[0]));
  const std::uint64_t tag = kConnectionTag | id;
  const bool watched =
      poller_.Add(connection.relay->outside(), tag, os::Poller::Trigger::kEdge).has_value() &&
      poller_.Add(connection.relay->inside(), tag, os::Poller::Trigger::kEdge).has_value();
  if (!watched) return Abort(id);
  Listen();
}

void Publisher::Abort(std::uint32_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (found->second.relay) {
    AbortOnClose(found->second.relay->outside());
    AbortOnClose(found->second.relay->inside());
    // Whoever sent it may have kept a copy, and then closing does not take it out.
    poller_.Remove(found->second.relay->inside());
  } else {
    AbortOnClose(found->second.outside.get());
    --connecting_;
  }
  connections_.erase(found);
  busy_.erase(id);
  Listen();
}

void Publisher::TurnRelay(std::uint32_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || !found->second.relay) return;
  switch (found->second.relay->Turn()) {
    case Relay::State::kWaits:
      busy_.erase(id);
      break;
    case Relay::State::kBusy:
      busy_.insert(id);
      break;
    case Relay::State::kOver:
      poller_.Remove(found->second.relay->inside());
      connections_.erase(found);
      busy_.erase(id);
      Listen();
      break;
  }
}

std::optional<Duration> Publisher::Wait(Duration now) const {
  if (!busy_.empty()) return Duration::zero();
  std::optional<Duration> next = accept_again_;
  if (connecting_ > 0) {
    for (const auto& [id, connection] : connections_) {
      if (!connection.relay && (!next || connection.until < *next)) next = connection.until;
    }
  }
  if (!next) return std::nullopt;
  return std::max(*next - now, Duration::zero());
}

void Publisher::Turn(Duration now) {
  const std::set<std::uint32_t> busy = busy_;
  std::array<std::uint64_t, kReadyAtOnce> room;
  for (const std::uint64_t tag : poller_.Ready(room)) {
    if ((tag & kConnectionTag) != 0) {
      TurnRelay(static_cast<std::uint32_t>(tag));
    } else {
      Accept(static_cast<std::uint16_t>(tag), now);
    }
  }
  for (const std::uint32_t id : busy) TurnRelay(id);
  if (accept_again_ && *accept_again_ <= now) accept_again_.reset();
  if (connecting_ > 0) {
    std::vector<std::uint32_t> late;
    for (const auto& [id, connection] : connections_) {
      if (!connection.relay && connection.until <= now) late.push_back(id);
    }
    for (const std::uint32_t id : late) Abort(id);
  }
  Listen();
}

}  // namespace aileron::launch
