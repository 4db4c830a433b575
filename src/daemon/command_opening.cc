// Tested by src/daemon/credentials_test.cc.

#include "daemon/command_opening.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "daemon/limits.h"
#include "os/pipe.h"

namespace aileron::daemon {

CommandOpening::CommandOpening(OpeningWorld& world, const vault::CredentialSource& source,
                               OnFresh on_fresh)
    : loop_(world.loop),
      source_(source),
      on_fresh_(std::move(on_fresh)),
      deadline_(loop_,
                [this] {
                  Stop("source_timeout",
                       fmt::format("{} did not end within {}", source_.argv[0],
                                   FormatDuration(source_.timeout)),
                       "see whether it waits for an answer, or write a longer timeout");
                }),
      on_output_([this] { OnOutput(); }),
      on_error_([this] { OnError(); }),
      on_exit_([this] { OnExit(); }),
      value_(Secret::OfSize(limits::kCredentialMax + 1)),
      complaint_(Secret::OfSize(limits::kCommandError)) {
  deadline_.Set(source_.timeout);
  if (auto started = Start(world.commands); !started) {
    loop_.Post([this, alive = std::weak_ptr(alive_), why = started.error().message] {
      if (alive.expired()) return;
      Stop("source_failed", why, "see the binding's from: and the PATH that the daemon has");
    });
  }
}

CommandOpening::~CommandOpening() { Kill(); }

Status CommandOpening::Start(const CommandWorld& world) {
  os::SpawnOptions options{.argv = source_.argv,
                           .environment = world.environment,
                           .with_parent = os::WithParent::kDies,
                           .folder = world.home,
                           .own_session = true};
  AILERON_ASSIGN(options.path, world.Find(source_.argv[0]));
  const os::Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return os::FailErrno("cannot open /dev/null");
  os::Fd theirs[2];
  os::Fd* const ours[2] = {&output_, &error_};
  for (int i = 0; i < 2; ++i) {
    AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
    if (fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK) != 0)
      return os::FailErrno("cannot set up a pipe");
    *ours[i] = std::move(pipe.reader);
    theirs[i] = std::move(pipe.writer);
  }
  options.descriptors = {{nothing.get(), 0}, {theirs[0].get(), 1}, {theirs[1].get(), 2}};
  AILERON_ASSIGN(child_, os::Spawn(options));
  constexpr auto kRead = net::Loop::Trigger::kLevelRead;
  AILERON_TRY(loop_.Watch(output_.get(), on_output_, kRead));
  AILERON_TRY(loop_.Watch(error_.get(), on_error_, kRead));
  return loop_.Watch(child_->pidfd.get(), on_exit_, kRead);
}

bool CommandOpening::Drain(os::Fd& from, Watcher& watcher, std::span<char> into,
                           std::size_t& size) {
  while (from && size < into.size()) {
    const ssize_t count = read(from.get(), into.data() + size, into.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count > 0) {
      size += static_cast<std::size_t>(count);
      continue;
    }
    loop_.Forget(from.get(), watcher);
    from.Reset();
  }
  return !from;
}

void CommandOpening::OnOutput() {
  if (Drain(output_, on_output_, value_.RevealWritable(), value_size_)) return;
  Stop("credential_too_large",
       fmt::format("{} printed more than {} bytes", source_.argv[0], limits::kCredentialMax), "");
}

void CommandOpening::OnError() {
  if (Drain(error_, on_error_, complaint_.RevealWritable(), complaint_size_)) return;
  // Enough was said; it goes on without a reader, and hears SIGPIPE if it must say more.
  loop_.Forget(error_.get(), on_error_);
  error_.Reset();
}

void CommandOpening::OnExit() {
  // What it printed last is in the pipes already.
  const std::weak_ptr<int> alive = alive_;
  OnOutput();
  if (alive.expired() || !on_fresh_) return;
  OnError();
  loop_.Forget(child_->pidfd.get(), on_exit_);
  // Before it is waited for, so that the number of its group is still its own.
  (void)kill(-child_->pid, SIGKILL);
  const auto status = os::WaitFor(*child_);
  child_.reset();
  value_.Truncate(value_size_);
  if (status && *status == 0) return Finish(TakeFrom(std::move(value_), source_));
  const std::string how = !status ? status.error().message
                          : WIFSIGNALED(*status)
                              ? fmt::format("was ended by signal {}", WTERMSIG(*status))
                              : fmt::format("failed with exit code {}", WEXITSTATUS(*status));
  const std::string said = ForHint(complaint_.Reveal().substr(0, complaint_size_), value_.Reveal());
  Stop("source_failed", fmt::format("{} {}", source_.argv[0], how),
       said.empty() ? "run it on the host to see why" : fmt::format("it said: {}", said));
}

void CommandOpening::Kill() {
  if (output_) loop_.Forget(output_.get(), on_output_);
  if (error_) loop_.Forget(error_.get(), on_error_);
  output_.Reset();
  error_.Reset();
  if (!child_) return;
  loop_.Forget(child_->pidfd.get(), on_exit_);
  (void)kill(-child_->pid, SIGKILL);
  (void)os::SignalChild(*child_, SIGKILL);
  (void)os::WaitFor(*child_);
  child_.reset();
}

void CommandOpening::Stop(std::string code, std::string message, std::string hint) {
  Kill();
  Finish(std::unexpected(Unopened{std::move(code), std::move(message), std::move(hint)}));
}

void CommandOpening::Finish(FreshCredential fresh) {
  deadline_.Cancel();
  const OnFresh on_fresh = std::move(on_fresh_);
  on_fresh_ = nullptr;
  if (on_fresh) on_fresh(std::move(fresh));  // may destroy this
}

}  // namespace aileron::daemon
