// Capture: a network namespace in which every address of the world is local (AnyIP).
//
// `local 0.0.0.0/0 dev lo` and `local ::/0 dev lo` make the kernel deliver any destination to the
// sockets of this namespace; getsockname() of an accepted socket is then the address that the
// client wanted. There is no way out: no other device exists.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

// Brings lo up with an address that counts as configured and adds both routes, in the network
// namespace of this process, which must be new.
Status CaptureAllAddresses();

// A non-blocking dual-stack TCP listener on every address.
Result<Fd> ListenTcpEverywhere(std::uint16_t port);
// The same on 127.0.0.1 alone.
Result<Fd> ListenTcpLoopback(std::uint16_t port);
// A non-blocking dual-stack UDP socket on every address that tells where a datagram was sent
// (IPV6_RECVPKTINFO), so that the answer can come from there.
Result<Fd> BindUdpEverywhere(std::uint16_t port);

}  // namespace aileron::os
