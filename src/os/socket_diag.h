// SocketDiag: what the kernel knows of a TCP connection within this machine (sock_diag(7)).
//
// It speaks of the network namespace in which it was opened. One call asks for one connection by
// both of its ends: what it costs does not grow with how many there are.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

struct SocketEnd {
  std::string address;  // a literal, without brackets
  std::uint16_t port = 0;
};

class SocketDiag {
 public:
  static Result<SocketDiag> Open();

  struct Socket {
    std::uint64_t inode = 0;  // never 0
    uid_t uid = 0;            // of who made it
    bool whole = false;       // neither side has ended it
  };
  // The socket that has `own` and is connected to `peer`. kNotFound when there is none, when it is
  // not connected (yet, or any more), and when nobody has it open.
  Result<Socket> Find(const SocketEnd& own, const SocketEnd& peer);
  Result<Socket> Find(const sockaddr_storage& own, const sockaddr_storage& peer);

 private:
  explicit SocketDiag(Fd kernel) : kernel_(std::move(kernel)) {}
  Fd kernel_;
  std::uint32_t asked_ = 0;
};

}  // namespace aileron::os
