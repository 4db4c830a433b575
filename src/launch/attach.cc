// Tested by tests/launch/test_terminal.py.

#include "launch/attach.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"
#include "launch/kept_folders.h"
#include "launch/limits.h"
#include "os/pty.h"

namespace aileron::launch {

namespace {

constexpr std::array kForwarded = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
constexpr std::size_t kRelayBytes = 64u << 10;  // each way
constexpr int kSandboxNotKept = 125;
constexpr Duration kReopenWait = std::chrono::seconds(1);  // between tries for a new daemon

sigset_t ForwardedSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kForwarded) sigaddset(&set, number);
  return set;
}

class Loop {
 public:
  Loop(const Plan& plan, const std::vector<sandbox::Cover>& covers, sandbox::Sandbox& sandbox,
       SessionLink& session, LiveTools tools, ServiceDesk& desk, ExecDesk& execs, Report& report,
       StatusLine status_line, os::Fd session_fd)
      : plan_(plan),
        covers_(covers),
        sandbox_(sandbox),
        session_(session),
        tools_(std::move(tools)),
        desk_(desk),
        execs_(execs),
        report_(report),
        session_fd_(std::move(session_fd)),
        screen_(status_line, session.facts().id),
        keys_(kRelayBytes) {}

  std::expected<int, sandbox::Failed> Run();

 private:
  enum Slot {
    kChannel,
    kInit,
    kSignals,
    kSession,
    kMounts,
    kServices,
    kExecs,
    kMaster,
    kKeys,
    kReport,
    kCommands,
    kSlots
  };

  void HearSandbox();
  void TakeCommands(std::vector<os::Fd> descriptors);
  bool RefusesCommands() const;
  void HearSignals(const os::Fd& signals);
  void HearDaemon();
  void HearMounts();
  void ShowTools();
  void ReadMaster();
  void ReadKeys();
  void WriteKeys();
  void Reopen();
  int WaitTime() const;

  const Plan& plan_;
  const std::vector<sandbox::Cover>& covers_;
  sandbox::Sandbox& sandbox_;
  SessionLink& session_;
  LiveTools tools_;
  ServiceDesk& desk_;
  ExecDesk& execs_;
  Report& report_;
  os::Fd session_fd_;  // closed once it was told
  os::Fd master_;
  Screen screen_;
  bool keys_open_ = false;  // the caller's standard input is a terminal and has not ended
  bool channel_open_ = true;
  bool told_of_loss_ = false;
  std::optional<Duration> lost_at_;
  Duration reopen_at_{};  // once there is no daemon
  ByteBuffer keys_;
  std::optional<sandbox::Failed> failed_;
  bool built_ = false;           // there is an init, to whom signals are passed on
  std::optional<int> ended_by_;  // the signal that came before
  std::optional<int> ended_;     // of a container: the exit code
};

void Loop::HearSandbox() {
  auto received = sandbox::Receive(sandbox_.channel.get());
  if (!received && received.error().code == Code::kUnavailable) return;
  if (!received) {
    channel_open_ = false;
    return;
  }
  if (desk_.HearSandbox(*received) || execs_.HearSandbox(*received)) return;
  if (std::holds_alternative<sandbox::Listeners>(received->message)) {
    if (auto given = session_.HandOver(std::move(received->descriptors)); !given) Reopen();
  } else if (std::holds_alternative<sandbox::Covered>(received->message)) {
    sandbox_.covers =
        sandbox::CoverWatch(covers_, plan_.identity, std::move(received->descriptors));
  } else if (std::holds_alternative<sandbox::Runtime>(received->message)) {
    built_ = true;
    if (received->descriptors.size() == 1) tools_.TakeFolder(std::move(received->descriptors[0]));
    ShowTools();
  } else if (std::holds_alternative<sandbox::Terminal>(received->message)) {
    if (received->descriptors.size() != 1 || master_) return;
    master_ = std::move(received->descriptors[0]);
    keys_open_ = screen_.Open(master_);
  } else if (std::holds_alternative<sandbox::StepsDone>(received->message)) {
    NoteCreated(plan_);
  } else if (std::holds_alternative<sandbox::CommandCalls>(received->message)) {
    TakeCommands(std::move(received->descriptors));
  } else if (std::holds_alternative<sandbox::Started>(received->message)) {
    execs_.AgentRuns();
    if (session_fd_) (void)os::WriteAll(session_fd_.get(), session_.facts().id + "\n");
    session_fd_.Reset();
  } else if (const auto* ended = std::get_if<sandbox::Ended>(&received->message)) {
    ended_ = ended->exit_code;
  } else if (auto* failed = std::get_if<sandbox::Failed>(&received->message)) {
    failed_ = std::move(*failed);
  }
}

void Loop::TakeCommands(std::vector<os::Fd> descriptors) {
  if (descriptors.size() != 1) return;
  if (!session_.HandOverCommands(std::move(descriptors[0]), sandbox_.init)) Reopen();
}

// Whether commands have waited in vain for long enough.
bool Loop::RefusesCommands() const {
  return session_.descriptor() < 0 && lost_at_ && Uptime() >= *lost_at_ + limits::kCommandWait;
}

void Loop::HearSignals(const os::Fd& signals) {
  signalfd_siginfo info;
  while (read(signals.get(), &info, sizeof info) == sizeof info) {
    int number = static_cast<int>(info.ssi_signo);
    if (number == SIGWINCH) {
      if (master_) screen_.Resize(master_);
    } else if (!built_) {
      // Who builds in a stranger's root hears nothing, and may take long.
      ended_by_ = number;
      (void)os::SignalChild(sandbox_.init, SIGKILL);
    } else {
      if (number == SIGTERM && plan_.stop_signal != 0) number = plan_.stop_signal;
      (void)sandbox::Send(sandbox_.channel.get(), sandbox::Signal{number});
    }
  }
}

void Loop::HearDaemon() {
  SessionLink::Word word = session_.Listen();
  if (word.kind == SessionLink::Word::Kind::kStop) {
    std::fprintf(stderr, "aileron: the session was stopped%s%s\r\n", word.text.empty() ? "" : ": ",
                 word.text.c_str());
    (void)os::SignalChild(sandbox_.init, SIGKILL);
  } else if (word.kind == SessionLink::Word::Kind::kTools) {
    ShowTools();
  } else if (word.kind == SessionLink::Word::Kind::kWish) {
    desk_.HearDaemon(word.wish);
  } else if (word.kind == SessionLink::Word::Kind::kExec) {
    execs_.HearDaemon(std::move(word.exec));
  } else if (word.kind == SessionLink::Word::Kind::kDenied) {
    report_.Add(word.text);
  } else if (word.kind == SessionLink::Word::Kind::kWaiting) {
    screen_.ShowWaiting(word.count, word.text);
  } else if (word.kind == SessionLink::Word::Kind::kPolicy) {
    std::fprintf(stderr, "aileron: %s\r\n", Printable(word.text).c_str());
  } else if (word.kind == SessionLink::Word::Kind::kGone) {
    Reopen();
  }
}

// The host replaced or removed something that is protected, and its cover with it.
void Loop::HearMounts() {
  const auto restored = sandbox_.covers.Restore();
  if (!restored) {
    failed_ = sandbox::Failed{kSandboxNotKept, restored.error()};
    failed_->error.message += ". The session was stopped, since the agent could write it";
    (void)os::SignalChild(sandbox_.init, SIGKILL);
    return;
  }
  for (const std::string& path : *restored) {
    std::fprintf(stderr,
                 "aileron: %s was replaced on the host and is protected again; if the agent could "
                 "have waited for that, look at it before you use it\r\n",
                 Printable(path).c_str());
  }
}

// The connectors may have changed at any time since the sandbox got its list.
void Loop::ShowTools() {
  for (const std::string& line : tools_.Follow(session_.facts().tools)) {
    std::fprintf(stderr, "aileron: %s\r\n", Printable(line).c_str());
  }
}

// The sandbox has no way out meanwhile: its listeners hold what arrives until somebody accepts.
void Loop::Reopen() {
  if (!lost_at_) lost_at_ = Uptime();
  const auto opened = session_.Reopen();
  reopen_at_ = Uptime() + kReopenWait;
  if (opened) {
    told_of_loss_ = false;
    lost_at_.reset();
    ShowTools();
    desk_.DaemonIsNew();
    execs_.DaemonIsNew();
  } else if (!told_of_loss_) {
    told_of_loss_ = true;
    std::fprintf(stderr, "aileron: the daemon is gone and no new one took the session: %s\r\n",
                 opened.error().message.c_str());
  }
}

void Loop::ReadMaster() {
  char bytes[16384];
  const ssize_t count = read(master_.get(), bytes, sizeof bytes);
  if (count > 0) {
    screen_.Print({bytes, static_cast<std::size_t>(count)});
  } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
    master_.Reset();  // EIO: the last program has closed its end
    keys_open_ = false;
  }
}

void Loop::ReadKeys() {
  const std::span<char> room = keys_.Prepare(1);
  const ssize_t count = read(0, room.data(), room.size());
  if (count > 0) {
    keys_.Commit(static_cast<std::size_t>(count));
  } else if (count == 0 || errno != EINTR) {
    keys_open_ = false;
  }
}

void Loop::WriteKeys() {
  const std::string_view bytes = keys_.View();
  const ssize_t count = write(master_.get(), bytes.data(), bytes.size());
  if (count > 0) keys_.Consume(static_cast<std::size_t>(count));
}

// Milliseconds for poll(2), rounded up.
int Loop::WaitTime() const {
  std::optional<Duration> wait = desk_.Wait(Uptime());
  if (session_.descriptor() < 0) {
    const Duration again = std::max(reopen_at_ - Uptime(), Duration::zero());
    wait = wait ? std::min(*wait, again) : again;
  }
  if (!wait) return -1;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*wait).count());
}

std::expected<int, sandbox::Failed> Loop::Run() {
  const sigset_t forwarded = ForwardedSet();
  const os::Fd signals(signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK));
  while (true) {
    std::array<pollfd, kSlots> ready{};
    for (pollfd& slot : ready) slot = {-1, POLLIN, 0};
    if (channel_open_) ready[kChannel].fd = sandbox_.channel.get();
    ready[kInit].fd = sandbox_.init.pidfd.get();
    ready[kSignals].fd = signals.get();
    ready[kSession].fd = session_.descriptor();
    ready[kMounts] = {sandbox_.covers.mounts(), POLLPRI, 0};
    if (master_)
      ready[kMaster] = {master_.get(),
                        static_cast<short>(keys_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    if (keys_open_ && keys_.Room() > 0) ready[kKeys].fd = 0;
    ready[kServices].fd = desk_.descriptor();
    ready[kExecs].fd = execs_.descriptor();
    if (RefusesCommands()) ready[kCommands].fd = session_.commands();
    ready[kReport] = {report_.descriptor(), POLLOUT, 0};
    const int count = poll(ready.data(), ready.size(), WaitTime());
    if (count < 0 && errno != EINTR) {
      return std::unexpected(
          sandbox::Failed{125, os::ErrnoError(errno, "cannot wait for the sandbox")});
    }
    desk_.Turn(Uptime());
    if (session_.descriptor() < 0 && Uptime() >= reopen_at_) Reopen();
    if (count <= 0) continue;
    if (ready[kChannel].revents != 0) HearSandbox();
    if (ready[kSignals].revents != 0) HearSignals(signals);
    if (ready[kSession].revents != 0 && session_.descriptor() >= 0) HearDaemon();
    if (ready[kMounts].revents != 0 && !failed_) HearMounts();
    if (ready[kKeys].revents != 0) ReadKeys();
    if ((ready[kCommands].revents & POLLIN) != 0) session_.RefuseCommands();
    if (ready[kExecs].revents != 0) execs_.Turn();
    if (ready[kReport].revents != 0) report_.WriteSome();
    if (master_ && (ready[kMaster].revents & POLLOUT) != 0) WriteKeys();
    if (master_ && (ready[kMaster].revents & ~POLLOUT) != 0) ReadMaster();
    if (ready[kInit].revents != 0) break;
  }
  // The channel first: of a command that ended at once the terminal itself may still be in it.
  while (channel_open_ && !failed_) {
    pollfd last{sandbox_.channel.get(), POLLIN, 0};
    (void)poll(&last, 1, -1);
    HearSandbox();
  }
  while (master_) ReadMaster();  // what was printed last; ends with EIO, since every writer is dead
  if (sandbox_.in_container) {
    if (ended_by_) return 128 + *ended_by_;
    if (failed_) return std::unexpected(std::move(*failed_));
    return ended_.value_or(128 + SIGKILL);  // somebody killed the container as a whole
  }
  auto status = os::WaitFor(sandbox_.init);
  if (ended_by_) return 128 + *ended_by_;
  if (failed_) return std::unexpected(std::move(*failed_));
  if (!status) return std::unexpected(sandbox::Failed{125, status.error()});
  return os::ExitCode(*status);
}

}  // namespace

void HoldSignals() {
  const sigset_t forwarded = ForwardedSet();
  sigprocmask(SIG_BLOCK, &forwarded, nullptr);
}

std::expected<int, sandbox::Failed> Attach(const Plan& plan,
                                           const std::vector<sandbox::Cover>& covers,
                                           sandbox::Sandbox& sandbox, SessionLink& session,
                                           LiveTools tools, ServiceDesk& desk, ExecDesk& execs,
                                           Report& report, StatusLine status_line,
                                           os::Fd session_fd) {
  // So that an init that does not listen cannot make this process wait. Its own end is another
  // file.
  fcntl(sandbox.channel.get(), F_SETFL, O_NONBLOCK);
  if (session_fd) std::signal(SIGPIPE, SIG_IGN);  // whoever wanted to know may have gone
  desk.Begin(sandbox.channel.get(), session);
  execs.Begin(sandbox.channel.get(), session);
  return Loop(plan, covers, sandbox, session, std::move(tools), desk, execs, report, status_line,
              std::move(session_fd))
      .Run();
}

}  // namespace aileron::launch
