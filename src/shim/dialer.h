// Dialer: connects to servers inside the sandbox, on its loopback: for the launcher, which cannot
// go there itself, and for checks of health.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "net/connect.h"
#include "net/loop.h"

namespace aileron::shim {

class Dialer {
 public:
  // The socket, or an empty descriptor when nobody answered.
  using OnDone = std::function<void(os::Fd)>;

  explicit Dialer(net::Loop& loop) : loop_(loop) {}

  // 127.0.0.1:`port`, else ::1. `done` is called from the loop, unless this dies before; at once
  // when limits::kDials are under way already.
  void Dial(std::uint16_t port, OnDone done);

 private:
  void Finish(std::uint64_t id, Result<net::Connected> connected, const OnDone& done);

  net::Loop& loop_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<net::ConnectAttempt>> under_way_;
};

}  // namespace aileron::shim
