// Tested by tests/launch/test_exec.py.

#include "modes/exec_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "modes/limits.h"
#include "os/pty.h"
#include "os/socket.h"

namespace aileron::modes {

namespace {

using nlohmann::json;

constexpr std::array kPassedOn = {SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2};

// Bytes on their way in one direction. What was read waits until it can be written, so that the
// one who takes decides how fast it goes.
class Flow {
 public:
  Flow() = default;
  Flow(int from, int to) : from_(from), to_(to) {}

  bool open() const { return from_ >= 0; }
  bool reads() const { return open() && bytes_.empty(); }
  bool writes() const { return open() && !bytes_.empty(); }
  int from() const { return from_; }
  int to() const { return to_; }
  bool finishes() const { return left_.has_value(); }
  bool refused() const { return refused_; }  // nobody takes it any more

  void Read() {
    char piece[limits::exec_piece];
    const std::size_t most = left_ ? std::min(*left_, sizeof piece) : sizeof piece;
    const ssize_t count = most == 0 ? 0 : read(from_, piece, most);
    if (count > 0) {
      bytes_.assign(piece, static_cast<std::size_t>(count));
      if (left_) *left_ -= bytes_.size();
    } else if (count == 0 || (errno != EINTR && (errno != EAGAIN || finishes()))) {
      // EIO: the last one has closed the terminal. EAGAIN: somebody else took what was left.
      from_ = -1;
    }
  }
  // A piece that a pipe takes whole once it takes any.
  void Write() {
    const ssize_t count = write(to_, bytes_.data(), bytes_.size());
    if (count > 0) bytes_.erase(0, static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
      refused_ = true;
      from_ = -1;
    }
  }
  // Takes what is there now, and no more. Whoever else reads it may leave less.
  void Finish() {
    int there = 0;
    if (from_ >= 0 && ioctl(from_, FIONREAD, &there) == 0)
      left_ = static_cast<std::size_t>(std::max(there, 0));
    if (left_ == 0 && bytes_.empty()) from_ = -1;
  }
  bool finished() const { return left_ == 0 && bytes_.empty(); }
  void Close() { from_ = -1; }

 private:
  int from_ = -1;
  int to_ = -1;
  std::string bytes_;
  std::optional<std::size_t> left_;  // that is still read
  bool refused_ = false;
};

class Joined {
 public:
  Joined(const os::Fd& launcher, const ExecStreams& streams)
      : launcher_(launcher), streams_(streams) {}

  Result<ExecEnd> Run();

 private:
  enum Way { kIn, kOut, kErr, kScreen, kWays };

  bool IsTerminal(int stream) const { return (streams_.terminals >> stream & 1) != 0; }
  Status HearLauncher();
  Status Begin(std::vector<os::Fd> descriptors);
  void HearSignals(const os::Fd& signals);
  void Move(std::size_t way, short from, short to);
  void CloseOurs(std::size_t way);
  bool Printing() const;

  const os::Fd& launcher_;
  ExecStreams streams_;
  std::array<os::Fd, kWays> theirs_;  // the last one is the terminal's master
  std::array<Flow, kWays> flows_;
  std::optional<os::RawTerminal> raw_;
  std::optional<ExecEnd> end_;
  Duration ended_at_{};
  bool leaves_ = false;  // at once, whatever is still to be printed
};

Status Joined::Begin(std::vector<os::Fd> descriptors) {
  std::size_t next = 0;
  const auto take = [&](Way way) -> Status {
    if (next >= descriptors.size())
      return Fail(Code::kInternal, "the launcher sent fewer streams than it should");
    theirs_.at(way) = std::move(descriptors[next++]);
    // Of this end alone.
    if (fcntl(theirs_.at(way).get(), F_SETFL, O_NONBLOCK) != 0)
      return os::FailErrno("cannot use a stream of the command");
    return {};
  };
  if (!IsTerminal(STDIN_FILENO) && streams_.input) {
    AILERON_TRY(take(kIn));
    flows_[kIn] = Flow(STDIN_FILENO, theirs_[kIn].get());
  }
  for (const auto& [way, stream] : {std::pair(kOut, STDOUT_FILENO), {kErr, STDERR_FILENO}}) {
    if (IsTerminal(stream)) continue;
    AILERON_TRY(take(way));
    flows_.at(way) = Flow(theirs_.at(way).get(), stream);
  }
  if (streams_.terminals == 0) return {};
  AILERON_TRY(take(kScreen));
  const int master = theirs_[kScreen].get();
  flows_[kScreen] = Flow(master, IsTerminal(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO);
  if (IsTerminal(STDIN_FILENO)) {
    flows_[kIn] = Flow(STDIN_FILENO, master);
    raw_.emplace(STDIN_FILENO);
  }
  os::SetWindowSize(master, os::WindowSizeOf(flows_[kScreen].to()));  // it may have changed since
  return {};
}

Status Joined::HearLauncher() {
  auto packet = os::ReceiveMessage(launcher_.get(), limits::exec_packet);
  if (!packet && packet.error().code == Code::kUnavailable) return {};
  if (!packet || packet->end) {
    return Fail(Code::kUnavailable, "the session is over, and the command with it");
  }
  const json word = json::parse(packet->bytes, nullptr, false);
  if (!word.is_object()) return Fail(Code::kInternal, "the launcher said what is no JSON object");
  const json type = word.value("type", json());
  if (type == "begun") return Begin(std::move(packet->descriptors));
  if (type != "ended") return {};
  const json code = word.value("code", json());
  const json error = word.value("error", json());
  end_ = ExecEnd{.code = code.is_number_integer() ? static_cast<int>(code.get<std::int64_t>()) : 1,
                 .error = error.is_string() ? error.get<std::string>() : std::string()};
  ended_at_ = Uptime();
  flows_[kIn].Close();
  flows_[kOut].Finish();
  flows_[kErr].Finish();
  return {};
}

void Joined::HearSignals(const os::Fd& signals) {
  signalfd_siginfo info;
  while (read(signals.get(), &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGWINCH) {
      if (theirs_[kScreen])
        os::SetWindowSize(theirs_[kScreen].get(), os::WindowSizeOf(flows_[kScreen].to()));
      continue;
    }
    // The person's terminal is gone. So is the command, once this end is closed. And a command
    // that has ended hears nothing: a signal is for this program, which still prints.
    if (number == SIGHUP || (end_ && number != SIGUSR1 && number != SIGUSR2)) {
      end_ = ExecEnd{.code = 128 + number, .error = {}};
      leaves_ = true;
      return;
    }
    (void)os::SendMessage(launcher_.get(), json({{"type", "signal"}, {"number", number}}).dump());
  }
}

// The command hears of it: its input ends, or it writes to nobody. A terminal stays for what is
// typed as long as what it shows is taken.
void Joined::CloseOurs(std::size_t way) {
  const bool of_terminal = theirs_[kScreen] && (way == kScreen || !theirs_.at(way));
  if (!of_terminal) return theirs_.at(way).Reset();
  if (!flows_[kScreen].refused()) return;
  if (!theirs_[kIn]) flows_[kIn].Close();
  theirs_[kScreen].Reset();
}

void Joined::Move(std::size_t way, short from, short to) {
  Flow& flow = flows_.at(way);
  if (!flow.open()) return;
  if (flow.writes() && to != 0) flow.Write();
  if (flow.reads() && (from != 0 || flow.finishes())) flow.Read();
  if (end_ && way != kScreen && flow.finished()) flow.Close();
  if (!flow.open()) CloseOurs(way);
}

bool Joined::Printing() const {
  if (!flows_[kOut].open() && !flows_[kErr].open() && !flows_[kScreen].open()) return false;
  // Of a terminal the end is told as soon as the command, who led its session, has gone.
  return !flows_[kScreen].open() || flows_[kOut].open() || flows_[kErr].open() ||
         Uptime() - ended_at_ < limits::exec_last_words;
}

Result<ExecEnd> Joined::Run() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kPassedOn) sigaddset(&set, number);
  for (const int number : {SIGWINCH, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const os::Fd signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return os::FailErrno("cannot wait for signals");
  while (!end_ || Printing()) {
    std::array<pollfd, 2 + 2 * kWays> ready{};
    for (pollfd& slot : ready) slot = {-1, 0, 0};
    if (!end_) ready[0] = {launcher_.get(), POLLIN, 0};
    ready[1] = {signals.get(), POLLIN, 0};
    for (std::size_t way = 0; way < kWays; ++way) {
      const Flow& flow = flows_.at(way);
      if (flow.reads()) ready.at(2 + 2 * way) = {flow.from(), POLLIN, 0};
      if (flow.writes()) ready.at(3 + 2 * way) = {flow.to(), POLLOUT, 0};
    }
    const int wait = end_ ? limits::exec_look_ms : -1;
    if (poll(ready.data(), ready.size(), wait) < 0 && errno != EINTR)
      return os::FailErrno("cannot wait for the command");
    if (ready[1].revents != 0) HearSignals(signals);
    if (leaves_) break;
    for (std::size_t way = 0; way < kWays; ++way)
      Move(way, ready.at(2 + 2 * way).revents, ready.at(3 + 2 * way).revents);
    // After what was printed: with it goes what is printed last.
    if (ready[0].revents != 0) AILERON_TRY(HearLauncher());
  }
  return *end_;
}

}  // namespace

Result<ExecEnd> JoinExec(const os::Fd& launcher, const ExecStreams& streams) {
  return Joined(launcher, streams).Run();
}

}  // namespace aileron::modes
