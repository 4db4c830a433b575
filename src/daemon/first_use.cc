#include "daemon/first_use.h"

#include <utility>

namespace aileron::daemon {

FirstUse::FirstUse(net::Loop& loop, std::function<void()> used)
    : loop_(loop), used_(std::move(used)), timer_(loop, [this] { Tell(); }) {}

Status FirstUse::Await(std::span<const os::Fd> sockets, net::Interval longest) {
  for (const os::Fd& socket : sockets) {
    if (auto watched = loop_.Watch(socket.get(), *this, net::Loop::Trigger::kLevelRead); !watched) {
      End();
      return watched;
    }
    watched_.push_back(socket.get());
  }
  timer_.Set(longest);
  return {};
}

void FirstUse::End() {
  timer_.Cancel();
  for (const int descriptor : std::exchange(watched_, {})) loop_.Forget(descriptor, *this);
}

void FirstUse::OnReady(net::Readiness) { Tell(); }

void FirstUse::Tell() {
  End();
  used_();
}

}  // namespace aileron::daemon
