#include "os/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "os/socket_diag.h"

namespace aileron::os {

Result<std::pair<Fd, Fd>> SocketPair(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) {
    return FailErrno("cannot make a pair of sockets");
  }
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

Status SendMessage(int socket, std::string_view bytes, std::span<const int> descriptors) {
  AILERON_CHECK(descriptors.size() <= kDescriptorsMax);
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsMax * sizeof(int))];
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    std::memset(control, 0, message.msg_controllen);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  while (true) {
    const ssize_t count = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailErrno("cannot send a message");
    if (static_cast<std::size_t>(count) == bytes.size()) return {};
    // A stream socket took a part; the descriptors went with it.
    bytes.remove_prefix(static_cast<std::size_t>(count));
    part = {const_cast<char*>(bytes.data()), bytes.size()};
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
}

namespace {

struct Taken {
  std::size_t bytes;
  int flags;  // MSG_TRUNC and so on
};

// One recvmsg(2). Nothing: it failed, and errno says why.
std::optional<Taken> Take(int socket, std::span<char> into, std::vector<Fd>& descriptors) {
  iovec part{into.data(), into.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsMax * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count = 0;
  // ECONNRESET tells, once, that the peer closed without having read all; what it said before that
  // is still there.
  do {
    count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
  if (count < 0) return std::nullopt;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < number; ++i) {
      int descriptor;
      std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
      descriptors.emplace_back(descriptor);
    }
  }
  return Taken{static_cast<std::size_t>(count), message.msg_flags};
}

std::unexpected<Error> LostDescriptors() {
  return Fail(Code::kUnavailable, "descriptors of a message were lost: too many files are open");
}

}  // namespace

Result<Message> ReceiveMessage(int socket, std::size_t limit) {
  Message received;
  std::optional<Taken> taken;
  // The limit is far above the usual message: pages that nothing is written to stay untouched.
  received.bytes.resize_and_overwrite(limit, [&](char* bytes, std::size_t room) {
    taken = Take(socket, {bytes, room}, received.descriptors);
    return taken ? taken->bytes : 0;
  });
  if (!taken) return FailErrno("cannot receive a message");
  if ((taken->flags & MSG_TRUNC) != 0)
    return Fail(Code::kInvalid, "a message is longer than {} bytes", limit);
  if ((taken->flags & MSG_CTRUNC) != 0) return LostDescriptors();
  received.end = taken->bytes == 0;
  return received;
}

Result<std::size_t> ReceiveInto(int socket, std::span<char> into, std::vector<Fd>& descriptors) {
  const auto taken = Take(socket, into, descriptors);
  if (!taken) return FailErrno("cannot receive");
  if ((taken->flags & MSG_CTRUNC) != 0) return LostDescriptors();
  return taken->bytes;
}

Result<PeerCredentials> PeerOf(int socket) {
  ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return FailErrno("cannot tell who the peer of a socket is");
  }
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

namespace {

Result<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Fail(Code::kInvalid,
                "the socket path {} is longer than {} bytes; choose a shorter XDG_RUNTIME_DIR",
                path, sizeof address.sun_path - 1);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace

Result<Fd> ListenLoopback() {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return FailErrno("cannot make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.get(), SOMAXCONN) != 0) {
    return FailErrno("cannot listen on 127.0.0.1");
  }
  return socket;
}

Result<std::uint16_t> PortOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sin_family != AF_INET) {
    return FailErrno("cannot tell the port of a socket");
  }
  return ntohs(address.sin_port);
}

// The other end is a socket of this machine, too: the one whose own address is our peer's, and
// whose peer is us.
Result<uid_t> OwnerOfPeer(int socket) {
  sockaddr_storage ours{}, theirs{};
  socklen_t our_size = sizeof ours, their_size = sizeof theirs;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&ours), &our_size) != 0 ||
      getpeername(socket, reinterpret_cast<sockaddr*>(&theirs), &their_size) != 0) {
    return FailErrno("cannot tell the ends of a connection");
  }
  AILERON_ASSIGN(SocketDiag diag, SocketDiag::Open());
  const auto found = diag.Find(theirs, ours);
  if (found && found->whole) return found->uid;
  return Fail(Code::kDenied, "the other end of a connection is not open in this machine");
}

Result<Fd> ListenUnix(const std::string& path, int type) {
  AILERON_ASSIGN(const sockaddr_un address, UnixAddress(path));
  if (ConnectUnix(path, type))
    return Fail(Code::kUnavailable, "somebody listens on {} already", path);
  unlink(path.c_str());
  Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return FailErrno("cannot make a socket");
  // The file is born with no rights for others: there is no moment in which they could connect.
  const mode_t before = umask(0177);
  const int bound = bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0) return FailErrno("cannot listen on {}", path);
  if (listen(socket.get(), SOMAXCONN) != 0) return FailErrno("cannot listen on {}", path);
  return socket;
}

Result<Fd> ConnectUnix(const std::string& path, int type) {
  AILERON_ASSIGN(const sockaddr_un address, UnixAddress(path));
  Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket) return FailErrno("cannot make a socket");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return FailErrno("cannot connect to {}", path);
  }
  return socket;
}

}  // namespace aileron::os
