#include "shim/launcher_link.h"

#include <fcntl.h>

#include <algorithm>

#include "shim/limits.h"

namespace aileron::shim {

Result<std::unique_ptr<LauncherLink>> LauncherLink::Make(net::Loop& loop, const os::Fd& channel,
                                                         Events events) {
  // Of this end alone: the launcher's is another file.
  if (fcntl(channel.get(), F_SETFL, O_NONBLOCK) != 0)
    return os::FailErrno("cannot use the channel");
  std::unique_ptr<LauncherLink> link(new LauncherLink(channel, std::move(events)));
  AILERON_ASSIGN(link->watch_,
                 Watch::Make(loop, channel.get(), [link = link.get()] { link->OnReady(); }));
  return link;
}

void LauncherLink::OnReady() {
  Flush();
  Receive();
}

void LauncherLink::Receive() {
  for (int left = limits::kLauncherBurst; left > 0; --left) {
    auto received = sandbox::Receive(channel_.get());
    if (!received && received.error().code == Code::kUnavailable) return;
    if (!received) return events_.on_gone();
    events_.on_message(std::move(received->message));
  }
}

void LauncherLink::Send(sandbox::Message message, os::Fd descriptor) {
  std::vector<os::Fd> descriptors;
  if (descriptor) descriptors.push_back(std::move(descriptor));
  Send(std::move(message), std::move(descriptors));
}

void LauncherLink::Send(sandbox::Message message, std::vector<os::Fd> descriptors) {
  const bool reports = std::holds_alternative<sandbox::ServiceReports>(message);
  if (reports) {
    std::erase_if(queue_, [](const Packet& packet) {
      return std::holds_alternative<sandbox::ServiceReports>(packet.message);
    });
  }
  // Of ends there are no more than of commands that run, and nobody asks for one again.
  const bool end = std::holds_alternative<sandbox::ExecEnded>(message);
  if (!reports && !end && queue_.size() >= limits::kLauncherQueue) return;
  queue_.push_back({std::move(message), std::move(descriptors)});
  Flush();
}

void LauncherLink::Flush() {
  while (!queue_.empty()) {
    const Packet& packet = queue_.front();
    std::vector<int> numbers;
    for (const os::Fd& one : packet.descriptors) numbers.push_back(one.get());
    const auto sent = sandbox::Send(channel_.get(), packet.message, numbers);
    if (!sent && sent.error().code == Code::kUnavailable) break;
    queue_.pop_front();  // what cannot be sent is not sent; a launcher that has gone is noticed
  }
  (void)watch_->For(queue_.empty() ? Watch::Trigger::kLevelRead : Watch::Trigger::kLevelBoth);
}

}  // namespace aileron::shim
