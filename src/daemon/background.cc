// Tested by src/daemon/sessions_test.cc.

#include "daemon/background.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace aileron::daemon {

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (event_) loop_.Forget(event_.get(), *this);
}

Status Background::Start() {
  event_ = os::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event_) return os::FailErrno("cannot make an event descriptor");
  return loop_.Watch(event_.get(), *this, net::Loop::Trigger::kLevelRead);
}

Status Background::Run(std::function<void()> task, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kTasks) {
      return Fail(Code::kUnavailable, "too much is being done at once. Try again in a moment.");
    }
    waiting_.push_back({std::move(task), std::move(done)});
  }
  if (!thread_.joinable()) {
    // Signals are for the loop's thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { Work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  wake_.notify_one();
  return {};
}

void Background::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task.work();
    task.work = nullptr;  // what it holds (a passphrase) goes before anyone hears of the end
    lock.lock();
    done_.push_back(std::move(task.done));
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto told = write(event_.get(), &one, sizeof one);
  }
}

void Background::OnReady(net::Readiness) {
  std::uint64_t count;
  [[maybe_unused]] const auto drained = read(event_.get(), &count, sizeof count);
  std::deque<std::function<void()>> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  for (auto& end : done) end();
}

}  // namespace aileron::daemon
