#include "os/poller.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

namespace aileron::os {

namespace {
constexpr std::size_t kAtOnce = 64;
}

Result<Poller> Poller::Make() {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return FailErrno("cannot make an epoll descriptor");
  return Poller(std::move(epoll));
}

Status Poller::Add(int descriptor, std::uint64_t tag, Trigger trigger) {
  epoll_event event{};
  event.events =
      trigger == Trigger::kLevelRead ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = tag;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0)
    return FailErrno("cannot watch a descriptor");
  return {};
}

void Poller::Remove(int descriptor) {
  epoll_event unused{};
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, &unused);
}

std::span<std::uint64_t> Poller::Ready(std::span<std::uint64_t> room) const {
  std::array<epoll_event, kAtOnce> events;
  const int most = static_cast<int>(std::min(room.size(), events.size()));
  const int count = std::max(epoll_wait(epoll_.get(), events.data(), most, 0), 0);
  for (int i = 0; i < count; ++i)
    room[static_cast<std::size_t>(i)] = events[static_cast<std::size_t>(i)].data.u64;
  return room.first(static_cast<std::size_t>(count));
}

}  // namespace aileron::os
