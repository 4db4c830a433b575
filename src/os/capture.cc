// Tested by tests/proxy/test_names.py.

#include "os/capture.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace aileron::os {

namespace {

constexpr int kLoopbackIndex = 1;  // lo is the first device of every network namespace

struct LinkUp {
  nlmsghdr header;
  ifinfomsg info;
};

struct LocalRoute {
  nlmsghdr header;
  rtmsg route;
  rtattr device_attribute;
  std::uint32_t device;
};

LocalRoute RouteAll(unsigned char family) {
  LocalRoute message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = RTM_NEWROUTE;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
  message.route.rtm_family = family;
  message.route.rtm_table = RT_TABLE_LOCAL;
  message.route.rtm_protocol = RTPROT_BOOT;
  message.route.rtm_scope = RT_SCOPE_HOST;
  message.route.rtm_type = RTN_LOCAL;  // no destination attribute: 0.0.0.0/0 or ::/0
  message.device_attribute = {RTA_LENGTH(sizeof message.device), RTA_OIF};
  message.device = kLoopbackIndex;
  return message;
}

// The IPv4 dummy address (RFC 7600), which no host has: programs that ask for addresses of a
// configured family only (AI_ADDRCONFIG) do not count 127.0.0.1 and would resolve nothing.
constexpr std::uint32_t kDummyAddress = 0xC0000008;  // 192.0.0.8

struct NewAddress {
  nlmsghdr header;
  ifaddrmsg address;
  rtattr local_attribute;
  std::uint32_t local;
};

NewAddress DummyAddress() {
  NewAddress message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = RTM_NEWADDR;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
  message.address.ifa_family = AF_INET;
  message.address.ifa_prefixlen = 32;
  message.address.ifa_scope = RT_SCOPE_HOST;
  message.address.ifa_index = kLoopbackIndex;
  message.local_attribute = {RTA_LENGTH(sizeof message.local), IFA_LOCAL};
  message.local = htonl(kDummyAddress);
  return message;
}

Status Ask(const Fd& socket, const void* message, std::size_t size, std::string_view what) {
  if (send(socket.get(), message, size, 0) < 0) return FailErrno("cannot {}", what);
  alignas(nlmsghdr) char answer[4096];
  const ssize_t count = recv(socket.get(), answer, sizeof answer, 0);
  if (count < static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(nlmsgerr))) {
    return Fail(Code::kInternal, "cannot {}: the kernel's answer is cut short", what);
  }
  nlmsgerr result;
  std::memcpy(&result, answer + sizeof(nlmsghdr), sizeof result);
  if (result.error == 0) return {};
  return std::unexpected(ErrnoError(-result.error, fmt::format("cannot {}", what)));
}

Result<Fd> BoundSocket(int type, const sockaddr* address, socklen_t size, std::uint16_t port) {
  Fd socket(::socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return FailErrno("cannot make a socket");
  const int on = 1, off = 0;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->sa_family == AF_INET6) {
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (bind(socket.get(), address, size) != 0) return FailErrno("cannot listen on port {}", port);
  return socket;
}

Result<Fd> Listening(Result<Fd> socket, std::uint16_t port) {
  if (socket && listen(socket->get(), SOMAXCONN) != 0) {
    return FailErrno("cannot listen on port {}", port);
  }
  return socket;
}

sockaddr_in6 AnyAddress(std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  return address;
}

}  // namespace

Status CaptureAllAddresses() {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return FailErrno("cannot talk to the kernel about routes");
  LinkUp up{};
  up.header.nlmsg_len = sizeof up;
  up.header.nlmsg_type = RTM_NEWLINK;
  up.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  up.info.ifi_index = kLoopbackIndex;
  up.info.ifi_flags = IFF_UP;
  up.info.ifi_change = IFF_UP;
  AILERON_TRY(Ask(socket, &up, sizeof up, "bring the loopback device up"));
  const NewAddress dummy = DummyAddress();
  AILERON_TRY(Ask(socket, &dummy, sizeof dummy, "give the loopback device an address"));
  const LocalRoute v4 = RouteAll(AF_INET);
  AILERON_TRY(Ask(socket, &v4, sizeof v4, "route 0.0.0.0/0 to the loopback device"));
  const LocalRoute v6 = RouteAll(AF_INET6);
  auto routed = Ask(socket, &v6, sizeof v6, "route ::/0 to the loopback device");
  // A kernel without IPv6 has nothing to capture there.
  if (!routed && routed.error().code != Code::kUnsupported) return routed;
  return {};
}

Result<Fd> ListenTcpEverywhere(std::uint16_t port) {
  const sockaddr_in6 address = AnyAddress(port);
  return Listening(
      BoundSocket(SOCK_STREAM, reinterpret_cast<const sockaddr*>(&address), sizeof address, port),
      port);
}

Result<Fd> ListenTcpLoopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return Listening(
      BoundSocket(SOCK_STREAM, reinterpret_cast<const sockaddr*>(&address), sizeof address, port),
      port);
}

Result<Fd> BindUdpEverywhere(std::uint16_t port) {
  const sockaddr_in6 address = AnyAddress(port);
  AILERON_ASSIGN(Fd socket, BoundSocket(SOCK_DGRAM, reinterpret_cast<const sockaddr*>(&address),
                                        sizeof address, port));
  const int on = 1;
  if (setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) != 0) {
    return FailErrno("cannot learn where datagrams are sent");
  }
  // For IPv4 datagrams on a dual-stack socket.
  setsockopt(socket.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  return socket;
}

}  // namespace aileron::os
