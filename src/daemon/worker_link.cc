// Tested by src/daemon/sessions_test.cc.

#include "daemon/worker_link.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>

#include "base/log.h"
#include "daemon/limits.h"
#include "os/socket.h"
#include "proxy/limits.h"

namespace aileron::daemon {

namespace {

constexpr int kWorkerChannel = 3;

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  }
  return fmt::format("exited with status {}", WEXITSTATUS(status));
}

}  // namespace

std::string_view WorkerLink::Packet::View() const {
  if (const auto* text = std::get_if<std::string>(&bytes)) return *text;
  return std::get<Secret>(bytes).Reveal();
}

Result<std::unique_ptr<WorkerLink>> WorkerLink::Spawn(net::Loop& loop, const std::string& path,
                                                      std::vector<std::string> argv,
                                                      Events events) {
  AILERON_ASSIGN(auto ends, os::SocketPair(SOCK_SEQPACKET));
  // Our end alone: the worker waits for its Start, which may be long in coming.
  const int flags = fcntl(ends.first.get(), F_GETFL);
  if (flags < 0 || fcntl(ends.first.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return os::FailErrno("cannot set up a worker's channel");
  }
  os::SpawnOptions options{.path = path,
                           .argv = std::move(argv),
                           .descriptors = {{ends.second.get(), kWorkerChannel}},
                           .with_parent = os::WithParent::kDies,
                           .scheduling = os::Scheduling::kUsual};  // the daemon's is another
  AILERON_ASSIGN(os::Child child, os::Spawn(options));
  // Room for a burst of permits; the kernel bounds it by its own limit.
  const int room = 1 << 20;
  setsockopt(ends.first.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  std::unique_ptr<WorkerLink> link(
      new WorkerLink(loop, std::move(child), std::move(ends.first), std::move(events)));
  AILERON_TRY(loop.Watch(link->channel_.get(), link->on_channel_, net::Loop::Trigger::kEdge));
  AILERON_TRY(loop.Watch(link->child_.pidfd.get(), link->on_exit_, net::Loop::Trigger::kLevelRead));
  return link;
}

WorkerLink::WorkerLink(net::Loop& loop, os::Child child, os::Fd channel, Events events)
    : loop_(loop),
      child_(std::move(child)),
      channel_(std::move(channel)),
      events_(std::move(events)),
      on_channel_([this](net::Readiness ready) {
        if (ready.writable) WritePackets();
        if (ready.readable || ready.hangup) ReadPackets();
      }),
      on_exit_([this](net::Readiness) { OnExit(); }),
      kill_timer_(loop, [this] { (void)os::SignalChild(child_, SIGKILL); }),
      read_again_(loop, [this] { ReadPackets(); }),
      buffer_(Secret::OfSize(proxy::limits::packet_max)) {}

WorkerLink::~WorkerLink() {
  loop_.Forget(channel_.get(), on_channel_);
  loop_.Forget(child_.pidfd.get(), on_exit_);
  if (reaped_) return;
  (void)os::SignalChild(child_, SIGKILL);
  (void)os::WaitFor(child_);
}

void WorkerLink::Send(std::string packet, std::vector<int> descriptors) {
  Enqueue({.bytes = std::move(packet), .descriptors = std::move(descriptors)});
}

void WorkerLink::Send(std::string packet, os::Fd descriptor) {
  const int number = descriptor.get();
  Enqueue({.bytes = std::move(packet), .descriptors = {number}, .owned = std::move(descriptor)});
}

void WorkerLink::Send(Secret packet) { Enqueue({.bytes = std::move(packet)}); }

void WorkerLink::Enqueue(Packet packet) {
  if (!channel_open_) return;
  if (queue_.size() >= limits::kWorkerQueue) return Kill("it does not take its answers");
  queue_.push_back(std::move(packet));
  WritePackets();
}

void WorkerLink::WritePackets() {
  while (channel_open_ && !queue_.empty()) {
    const Packet& packet = queue_.front();
    const Status sent = os::SendMessage(channel_.get(), packet.View(), packet.descriptors);
    if (!sent && sent.error().code == Code::kUnavailable) return;
    if (!sent) {
      // Broken: the process is on its way out, and its end is told by the pidfd.
      channel_open_ = false;
      queue_.clear();
      return;
    }
    queue_.pop_front();
  }
}

void WorkerLink::ReadPackets() {
  std::vector<os::Fd> strays;
  for (int count = 0; channel_open_; ++count) {
    if (events_.paused()) return;
    if (count == limits::kWorkerBurst) {
      read_again_.Set(std::chrono::seconds(0));
      return;
    }
    const auto size = os::ReceiveInto(channel_.get(), buffer_.RevealWritable(), strays);
    strays.clear();  // a worker has no business sending any
    if (!size && size.error().code == Code::kUnavailable) return;
    if (!size || *size == 0) {
      channel_open_ = false;
      return;
    }
    const Status handled = events_.on_packet(buffer_.Reveal().substr(0, *size));
    if (!handled) return Kill(handled.error().message);
  }
}

void WorkerLink::Stop(std::string last) {
  if (stopping_) return;
  stopping_ = true;
  Enqueue({.bytes = std::move(last)});
  kill_timer_.Set(limits::kWorkerStopWait);
}

void WorkerLink::Kill(std::string why) {
  if (why_.empty()) why_ = std::move(why);
  channel_open_ = false;
  queue_.clear();
  (void)os::SignalChild(child_, SIGKILL);
}

void WorkerLink::OnExit() {
  // Its last words first: audit records that it flushed before it went.
  ReadPackets();
  const auto status = os::WaitFor(child_);
  reaped_ = true;
  std::string how = status ? HowItEnded(*status) : status.error().message;
  if (!why_.empty()) how = std::move(why_);
  if (stopping_) how.clear();
  // Posted: the link may be destroyed by whom it tells, and this is one of its members' calls.
  loop_.Forget(child_.pidfd.get(), on_exit_);
  loop_.Post([tell = std::move(events_.on_end), how = std::move(how)] { tell(how); });
  events_.on_packet = [](std::string_view) { return Status(); };
}

}  // namespace aileron::daemon
