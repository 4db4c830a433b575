// Unix sockets: pairs, messages that carry descriptors (SCM_RIGHTS), and who the peer is.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

// The kernel's own bound on descriptors in one message (SCM_MAX_FD).
inline constexpr std::size_t kDescriptorsMax = 253;

// A connected pair of AF_UNIX sockets. `type` is SOCK_STREAM or SOCK_SEQPACKET, or'ed with
// SOCK_NONBLOCK where wanted.
Result<std::pair<Fd, Fd>> SocketPair(int type);

// Sends one message with `descriptors` (borrowed). kUnavailable when a non-blocking socket is full.
Status SendMessage(int socket, std::string_view bytes, std::span<const int> descriptors = {});

struct Message {
  std::string bytes;
  std::vector<Fd> descriptors;
  bool end = false;  // the peer has closed, and nothing else is set
};

// Receives one message of at most `limit` bytes (one read on a stream socket). kUnavailable when a
// non-blocking socket has none; kInvalid when the message was longer than the limit.
Result<Message> ReceiveMessage(int socket, std::size_t limit);

// One read of a stream socket straight into `into` (which may be a Secret's memory), so that no
// copy is left behind. Adds descriptors that came along. 0: the peer has closed; kUnavailable:
// nothing now.
Result<std::size_t> ReceiveInto(int socket, std::span<char> into, std::vector<Fd>& descriptors);

struct PeerCredentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};
Result<PeerCredentials> PeerOf(int socket);  // SO_PEERCRED: as of connect() or socketpair()

// Listens on 127.0.0.1, at a port that the kernel picks.
Result<Fd> ListenLoopback();
Result<std::uint16_t> PortOf(int socket);
// The user whose process holds the other end of an IPv4 connection within this machine, as the
// kernel knows it (sock_diag(7)). kDenied when that end is not open any more.
Result<uid_t> OwnerOfPeer(int socket);

// Listens on `path` with mode 0600; a socket file that nobody listens on is replaced. `type` is
// SOCK_STREAM or SOCK_SEQPACKET.
Result<Fd> ListenUnix(const std::string& path, int type = SOCK_STREAM);
Result<Fd> ConnectUnix(const std::string& path, int type = SOCK_STREAM);

}  // namespace aileron::os
