#include "os/socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aileron::os {
namespace {

TEST(Message, CarriesItsDescriptorsInOrder) {
  auto ends = SocketPair(SOCK_SEQPACKET).value();
  int first[2], second[2];
  ASSERT_EQ(pipe(first), 0);
  ASSERT_EQ(pipe(second), 0);
  const Fd a(first[0]), b(first[1]), c(second[0]), d(second[1]);
  const int sent[] = {b.get(), d.get()};
  ASSERT_TRUE(SendMessage(ends.first.get(), "two", sent));
  auto message = ReceiveMessage(ends.second.get(), 100).value();
  EXPECT_EQ(message.bytes, "two");
  ASSERT_EQ(message.descriptors.size(), 2u);
  ASSERT_TRUE(WriteAll(message.descriptors[1].get(), "x"));
  char byte = 0;
  EXPECT_EQ(read(c.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(Message, LongerThanTheLimitIsRefusedNotCut) {
  auto ends = SocketPair(SOCK_SEQPACKET).value();
  ASSERT_TRUE(SendMessage(ends.first.get(), "0123456789"));
  EXPECT_EQ(ReceiveMessage(ends.second.get(), 5).error().code, Code::kInvalid);
}

TEST(Message, EndAndEmptinessAreToldApart) {
  auto ends = SocketPair(SOCK_SEQPACKET | SOCK_NONBLOCK).value();
  EXPECT_EQ(ReceiveMessage(ends.second.get(), 5).error().code, Code::kUnavailable);
  ends.first.Reset();
  EXPECT_TRUE(ReceiveMessage(ends.second.get(), 5).value().end);
}

TEST(ListenUnix, IsForTheOwnerAloneAndReplacesADeadSocket) {
  char folder[] = "/tmp/aileron-socket-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/s";
  {
    const auto first = ListenUnix(path);
    ASSERT_TRUE(first);
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_FALSE(ListenUnix(path)) << "somebody listens";
    auto client = ConnectUnix(path);
    ASSERT_TRUE(client);
    EXPECT_EQ(PeerOf(client->get()).value().uid, getuid());
  }
  EXPECT_EQ(ConnectUnix(path).error().code, Code::kUnavailable);
  EXPECT_TRUE(ListenUnix(path));
  unlink(path.c_str());
  rmdir(folder);
  EXPECT_EQ(ConnectUnix(std::string(200, 'x')).error().code, Code::kInvalid);
}

TEST(ReceiveInto, PutsBytesInTheCallersMemoryAndAddsDescriptors) {
  auto ends = SocketPair(SOCK_STREAM | SOCK_NONBLOCK);
  ASSERT_TRUE(ends.has_value());
  const int passed = ends->first.get();
  char room[8] = {};
  std::vector<Fd> descriptors;
  EXPECT_EQ(ReceiveInto(ends->second.get(), room, descriptors).error().code, Code::kUnavailable);
  ASSERT_TRUE(SendMessage(ends->first.get(), "hello, you", {&passed, 1}).has_value());
  EXPECT_EQ(ReceiveInto(ends->second.get(), room, descriptors).value(), 8u);
  EXPECT_EQ(std::string_view(room, 8), "hello, y");
  ASSERT_EQ(descriptors.size(), 1u);
  EXPECT_EQ(ReceiveInto(ends->second.get(), room, descriptors).value(), 2u);
  EXPECT_EQ(descriptors.size(), 1u);
  descriptors.clear();
  ends->first.Reset();
  EXPECT_EQ(ReceiveInto(ends->second.get(), room, descriptors).value(), 0u);
}

TEST(Message, TheLastWordsOfAPeerThatReadNothingArrive) {
  auto ends = SocketPair(SOCK_SEQPACKET).value();
  ASSERT_TRUE(SendMessage(ends.first.get(), "never read"));
  ASSERT_TRUE(SendMessage(ends.second.get(), "last words"));
  ends.second.Reset();
  EXPECT_EQ(ReceiveMessage(ends.first.get(), 100)->bytes, "last words");
  EXPECT_TRUE(ReceiveMessage(ends.first.get(), 100)->end);
}

Fd ConnectLoopback(std::uint16_t port) {
  Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return client;
}

TEST(Loopback, TheOwnerOfTheOtherEndIsToldWhileItIsOpen) {
  const Fd listener = ListenLoopback().value();
  const std::uint16_t port = PortOf(listener.get()).value();
  Fd client = ConnectLoopback(port);
  const Fd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(server);
  EXPECT_EQ(OwnerOfPeer(server.get()).value(), geteuid());
  client.Reset();
  const auto closed = OwnerOfPeer(server.get());
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, Code::kDenied);
}

TEST(Loopback, AnotherUsersProcessIsToldByItsOwnId) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be another user";
  const Fd listener = ListenLoopback().value();
  const std::uint16_t port = PortOf(listener.get()).value();
  // The socket belongs to who makes it, whoever holds it later.
  ASSERT_EQ(seteuid(64'123), 0);
  const Fd client = ConnectLoopback(port);
  ASSERT_EQ(seteuid(0), 0);
  const Fd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(OwnerOfPeer(server.get()).value(), 64'123u);
}

}  // namespace
}  // namespace aileron::os
