#include "os/socket_diag.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aileron::os {
namespace {

SocketEnd EndOf(const Fd& socket, decltype(getsockname)* which) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  EXPECT_EQ(which(socket.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  char text[INET6_ADDRSTRLEN] = {};
  if (name.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(name);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return {text, ntohs(v6.sin6_port)};
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(name);
  inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  return {text, ntohs(v4.sin_port)};
}

std::uint64_t InodeOf(const Fd& socket) {
  struct stat info{};
  EXPECT_EQ(fstat(socket.get(), &info), 0);
  return info.st_ino;
}

struct Connection {
  explicit Connection(int family) {
    listener = Fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage name{};
    name.ss_family = static_cast<sa_family_t>(family);
    socklen_t size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (family == AF_INET6) {
      reinterpret_cast<sockaddr_in6&>(name).sin6_addr = in6addr_loopback;
    } else {
      reinterpret_cast<sockaddr_in&>(name).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    EXPECT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    EXPECT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    client = Fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
    server = Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  Fd listener, client, server;
};

TEST(SocketDiag, FindsTheOneSocketThatHasBothEnds) {
  SocketDiag diag = SocketDiag::Open().value();
  for (const int family : {AF_INET, AF_INET6}) {
    const Connection one(family), other(family);
    const SocketEnd own = EndOf(one.server, getpeername), peer = EndOf(one.server, getsockname);
    const auto found = diag.Find(own, peer);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->inode, InodeOf(one.client));
    EXPECT_EQ(found->uid, geteuid());
    EXPECT_TRUE(found->whole);
    EXPECT_EQ(diag.Find(peer, own)->inode, InodeOf(one.server)) << "the other way round";
  }
}

TEST(SocketDiag, ASocketOfTheOtherFamilyIsFoundByTheAddressThatItUses) {
  SocketDiag diag = SocketDiag::Open().value();
  const Connection one(AF_INET);
  const SocketEnd listener = EndOf(one.listener, getsockname);
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(listener.port);
  ASSERT_EQ(inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr), 1);
  const Fd client(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&mapped), sizeof mapped), 0);
  const Fd server(accept4(one.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto found = diag.Find(EndOf(server, getpeername), listener);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->inode, InodeOf(client));
}

TEST(SocketDiag, OneThatIsHalfClosedIsHeldAndOneThatIsClosedIsNot) {
  SocketDiag diag = SocketDiag::Open().value();
  Connection one(AF_INET);
  const SocketEnd own = EndOf(one.server, getpeername), peer = EndOf(one.server, getsockname);
  ASSERT_EQ(shutdown(one.client.get(), SHUT_WR), 0);
  const auto half = diag.Find(own, peer);
  ASSERT_TRUE(half);
  EXPECT_EQ(half->inode, InodeOf(one.client));
  EXPECT_FALSE(half->whole);
  one.client.Reset();
  EXPECT_EQ(diag.Find(own, peer).error().code, Code::kNotFound);
}

TEST(SocketDiag, WhatListensHoldsNoConnection) {
  SocketDiag diag = SocketDiag::Open().value();
  const Connection one(AF_INET);
  const SocketEnd listener = EndOf(one.listener, getsockname);
  EXPECT_EQ(diag.Find(listener, {"127.0.0.1", 1}).error().code, Code::kNotFound);
  EXPECT_EQ(diag.Find({"127.0.0.1", 1}, listener).error().code, Code::kNotFound);
}

TEST(SocketDiag, WhatIsNoAddressIsRefused) {
  SocketDiag diag = SocketDiag::Open().value();
  EXPECT_EQ(diag.Find({"localhost", 1}, {"127.0.0.1", 2}).error().code, Code::kInvalid);
  EXPECT_EQ(diag.Find({"::1", 1}, {"127.0.0.1", 2}).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace aileron::os
