#include "os/socket_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cstring>

#include "base/text.h"

namespace aileron::os {

namespace {

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

Result<sockaddr_storage> Parse(const SocketEnd& end) {
  sockaddr_storage out{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
  if (inet_pton(AF_INET, end.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(end.port);
  } else if (inet_pton(AF_INET6, end.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(end.port);
  } else {
    return Fail(Code::kInvalid, "\"{}\" is not an address", Printable(end.address));
  }
  return out;
}

void Put(const sockaddr_storage& end, __be32 (&address)[4], __be16& port) {
  if (end.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(end);
    static_assert(sizeof address == sizeof v6.sin6_addr);
    std::memcpy(address, &v6.sin6_addr, sizeof address);
    port = v6.sin6_port;
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(end);
    address[0] = v4.sin_addr.s_addr;
    port = v4.sin_port;
  }
}

// As IPv6: a socket of that family may be connected over IPv4.
std::array<std::uint8_t, 16> Mapped(const __be32 (&address)[4], int family) {
  std::array<std::uint8_t, 16> bytes{};
  if (family == AF_INET6) {
    std::memcpy(bytes.data(), address, bytes.size());
  } else {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, address, 4);
  }
  return bytes;
}

std::unexpected<Error> None() { return Fail(Code::kNotFound, "nobody holds that connection"); }

}  // namespace

Result<SocketDiag> SocketDiag::Open() {
  Fd kernel(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!kernel) return FailErrno("cannot ask the kernel about sockets");
  return SocketDiag(std::move(kernel));
}

Result<SocketDiag::Socket> SocketDiag::Find(const SocketEnd& own, const SocketEnd& peer) {
  AILERON_ASSIGN(const sockaddr_storage own_end, Parse(own));
  AILERON_ASSIGN(const sockaddr_storage peer_end, Parse(peer));
  return Find(own_end, peer_end);
}

Result<SocketDiag::Socket> SocketDiag::Find(const sockaddr_storage& own,
                                            const sockaddr_storage& peer) {
  if (own.ss_family != peer.ss_family || (own.ss_family != AF_INET && own.ss_family != AF_INET6)) {
    return Fail(Code::kUnsupported, "not a connection over IP");
  }
  Question ask{};
  ask.header.nlmsg_len = sizeof ask;
  ask.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  ask.header.nlmsg_flags = NLM_F_REQUEST;
  ask.header.nlmsg_seq = ++asked_;
  ask.request.sdiag_family = static_cast<std::uint8_t>(own.ss_family);
  ask.request.sdiag_protocol = IPPROTO_TCP;
  ask.request.idiag_states = ~0u;
  Put(own, ask.request.id.idiag_src, ask.request.id.idiag_sport);
  Put(peer, ask.request.id.idiag_dst, ask.request.id.idiag_dport);
  ask.request.id.idiag_cookie[0] = ask.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  // Not send and recv: sendto and recvfrom are calls that a confined process need not have.
  iovec part{&ask, sizeof ask};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (sendmsg(kernel_.get(), &message, 0) != static_cast<ssize_t>(sizeof ask)) {
    return FailErrno("cannot ask the kernel about a socket");
  }
  alignas(nlmsghdr) char bytes[1024];
  const auto* header = reinterpret_cast<const nlmsghdr*>(bytes);
  sockaddr_nl from{};
  message.msg_name = &from;
  while (true) {
    message.msg_namelen = sizeof from;
    part = {bytes, sizeof bytes};
    const ssize_t size = recvmsg(kernel_.get(), &message, MSG_DONTWAIT);
    if (size < static_cast<ssize_t>(sizeof *header)) return None();
    // Any process of the network may write to this socket; the kernel is number 0.
    if (from.nl_pid != 0 || header->nlmsg_seq != asked_) continue;
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg)))) {
      return None();
    }
    break;
  }
  const auto* found = static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
  // Without one that is connected the kernel tells of one that listens. Of two sockets with these
  // ends at most one can be connected: the other end is one socket.
  const auto& id = found->id;
  const auto& want = ask.request.id;
  const auto family = found->idiag_family;
  const bool same = id.idiag_sport == want.idiag_sport && id.idiag_dport == want.idiag_dport &&
                    Mapped(id.idiag_src, family) == Mapped(want.idiag_src, own.ss_family) &&
                    Mapped(id.idiag_dst, family) == Mapped(want.idiag_dst, own.ss_family);
  const auto state = found->idiag_state;
  const bool connected = state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 ||
                         state == TCP_FIN_WAIT2 || state == TCP_CLOSE_WAIT;
  // One that was closed is nobody's: the kernel says 0.
  if (!same || !connected || found->idiag_inode == 0) return None();
  return Socket{found->idiag_inode, found->idiag_uid, state == TCP_ESTABLISHED};
}

}  // namespace aileron::os
