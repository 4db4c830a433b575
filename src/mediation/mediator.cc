// Tested by tests/mediation/test_supervisor.py.

#include "mediation/mediator.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sysexits.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/log.h"
#include "base/text.h"
#include "mediation/confine.h"
#include "mediation/finder.h"
#include "mediation/limits.h"
#include "mediation/supervisor.h"
#include "os/alarm.h"
#include "os/process.h"
#include "os/socket.h"

namespace aileron::mediation {

namespace {

enum class End { kStopped, kDaemonGone };

// The first message, with what came along.
struct Beginning {
  Start start;
  os::Fd listener, page, init;
};

Result<Beginning> ReceiveStart(int channel) {
  pollfd comes{channel, POLLIN, 0};
  while (poll(&comes, 1, -1) < 0 && errno == EINTR) {
  }
  AILERON_ASSIGN(os::Message packet, os::ReceiveMessage(channel, limits::kPacket));
  if (packet.end) return Fail(Code::kNotFound, "the daemon has gone");
  if (packet.descriptors.size() != kStartDescriptors) {
    return Fail(Code::kInvalid, "the first message is not Start");
  }
  AILERON_ASSIGN(const std::string bytes,
                 os::ReadAll(packet.descriptors[0], "the rules", limits::kStartBytes));
  AILERON_ASSIGN(FromDaemon message, DecodeFromDaemon(bytes));
  auto* start = std::get_if<Start>(&message);
  if (start == nullptr) return Fail(Code::kInvalid, "the first message is not Start");
  return Beginning{std::move(*start), std::move(packet.descriptors[1]),
                   std::move(packet.descriptors[2]), std::move(packet.descriptors[3])};
}

Result<FileId> StandInFile(const Names& names) {
  const auto named = names.Follow(kStandIn);
  if (!named) return Fail(Code::kInternal, "the sandbox has no {}", kStandIn);
  return named->file;
}

// Whether a thread has stopped or ended since they were looked for.
volatile sig_atomic_t stopped = 0;
bool TakeStopped() {
  const bool taken = stopped != 0;
  stopped = 0;
  return taken;
}

// A stop comes as SIGCHLD, which is let in only while this waits.
sigset_t HoldStops() {
  struct sigaction nothing{};
  nothing.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGCHLD, &nothing, nullptr);
  sigset_t stops, before;
  sigemptyset(&stops);
  sigaddset(&stops, SIGCHLD);
  sigprocmask(SIG_BLOCK, &stops, &before);
  sigdelset(&before, SIGCHLD);
  return before;
}

class Mediator {
 public:
  Mediator(Supervisor& supervisor, Desk& desk, Finder& finder, os::Alarm alarm)
      : supervisor_(supervisor), desk_(desk), finder_(finder), alarm_(std::move(alarm)) {}
  End Run();

 private:
  // An End when it is over.
  std::optional<End> HearDaemon();
  void TakeRules(Start start);
  void AnswerFinds();
  void SetAlarm();

  Supervisor& supervisor_;
  Desk& desk_;
  Finder& finder_;
  os::Alarm alarm_;
  struct Waiting {
    Find find;
    Supervisor::Clock::time_point next, last;  // looks
  };
  std::vector<Waiting> finds_;
  bool sandbox_gone_ = false;
};

std::optional<End> Mediator::HearDaemon() {
  while (true) {
    const auto message = desk_.Receive();
    if (!message) return End::kDaemonGone;
    if (!*message) return std::nullopt;
    if (std::holds_alternative<Stop>(**message)) return End::kStopped;
    if (const auto* answer = std::get_if<Answer>(&**message)) supervisor_.Take(*answer);
    if (const auto* find = std::get_if<Find>(&**message)) {
      const auto now = Supervisor::Clock::now();
      finds_.push_back({*find, now, now + limits::kFindAgain});
    }
    if (auto* start = std::get_if<Start>(&**message)) TakeRules(std::move(*start));
  }
}

// The daemon compiled them as well; what it can read and this cannot leaves the last ones in force.
void Mediator::TakeRules(Start start) {
  auto rules = command::CommandRules::Compile(std::move(start.rules), start.otherwise);
  if (!rules) return LogError("other rules cannot be used: {}", rules.error().message);
  supervisor_.Follow(std::move(*rules), start.programs);
  finder_.holders().Remember(!start.programs.empty());
}

// One of whose holders a program has just been loaded for is looked at again: until that is judged
// it is not what it runs, and most are in no time.
void Mediator::AnswerFinds() {
  if (finds_.empty()) return;
  supervisor_.TakeStops();
  const std::vector<pid_t> changing = supervisor_.Changing();
  const auto now = Supervisor::Clock::now();
  std::erase_if(finds_, [&](Waiting& one) {
    using enum Finder::Patience;
    if (now < one.next) return false;
    one.next = now + limits::kFindStep;
    const auto found = finder_.Answer(one.find, changing, now < one.last ? kSome : kNone);
    if (found) desk_.Send(*found);
    return found.has_value();
  });
}

// What is due may come a little late, never too early.
void Mediator::SetAlarm() {
  if (!finds_.empty()) alarm_.SetFor(Supervisor::Clock::now() + limits::kFindStep);
  if (const auto due = desk_.Due()) alarm_.SetFor(*due);
  if (const auto due = supervisor_.Due()) alarm_.SetFor(*due);
}

End Mediator::Run() {
  const sigset_t waiting = HoldStops();
  desk_.Send(Ready{});
  while (true) {
    pollfd ready[] = {{desk_.descriptor(), POLLIN, 0},
                      {supervisor_.descriptor(), 0, 0},
                      {alarm_.descriptor(), POLLIN, 0}};
    if (desk_.waits()) ready[0].events = POLLIN | POLLOUT;
    if (!supervisor_.full()) ready[1].events = POLLIN;
    if (sandbox_gone_) ready[1].fd = -1;  // the daemon will say when to end
    SetAlarm();
    const int count = ppoll(ready, std::size(ready), nullptr, &waiting);
    // A call that waits keeps the signal from being heard.
    if (TakeStopped() || supervisor_.busy()) supervisor_.TakeStops();
    if (count > 0 && (ready[1].revents & POLLIN) != 0) supervisor_.TakeCall();
    if (count > 0 && ready[0].revents != 0) {
      if (const auto end = HearDaemon()) return *end;
    }
    AnswerFinds();
    if (count > 0 && (ready[1].revents & POLLHUP) != 0) sandbox_gone_ = true;
    if (count > 0 && ready[2].revents != 0) {
      alarm_.Rang();
      const auto now = Supervisor::Clock::now();
      supervisor_.Tick(now);
      desk_.Flush(now);
    }
    if (count > 0 && (ready[0].revents & POLLOUT) != 0) desk_.Flush(Supervisor::Clock::now());
  }
}

Result<End> Serve(os::Fd channel) {
  AILERON_TRY(HardenMediator());
  signal(SIGPIPE, SIG_IGN);  // a daemon that goes away is seen on the channel
  auto begun = ReceiveStart(channel.get());
  if (!begun && begun.error().code == Code::kNotFound) return End::kDaemonGone;
  if (!begun) return std::unexpected(std::move(begun.error()));
  AILERON_ASSIGN(auto rules, command::CommandRules::Compile(std::move(begun->start.rules),
                                                            begun->start.otherwise));
  auto pid = os::PidOf(begun->init);
  if (!pid && pid.error().code == Code::kNotFound)
    return Fail(Code::kNotFound, "the sandbox has gone");
  AILERON_ASSIGN(const pid_t init, std::move(pid));
  AILERON_ASSIGN(auto calls, os::Notifications::Make(std::move(begun->listener), begun->page));
  AILERON_TRY(EnterSandboxOf(begun->init, init));
  AILERON_ASSIGN(auto look, Look::Make(init, begun->start.trust));
  AILERON_ASSIGN(Holders holders, Holders::Make(init, begun->start.trust));
  AILERON_ASSIGN(const FileId stand_in, StandInFile(look.names()));
  AILERON_ASSIGN(os::Alarm alarm, os::Alarm::Make());
  AILERON_TRY(FilterCalls());
  if (fcntl(channel.get(), F_SETFL, O_NONBLOCK) != 0)
    return os::FailErrno("cannot use the channel");
  Desk desk(std::move(channel));
  Finder finder(std::move(holders));
  finder.holders().Remember(!begun->start.programs.empty());
  Supervisor supervisor(std::move(calls), std::move(rules), begun->start.programs, std::move(look),
                        stand_in, desk, [&](pid_t pid, const command::Execution& execution) {
                          finder.holders().Executed(pid, execution);
                        });
  const End end = Mediator(supervisor, desk, finder, std::move(alarm)).Run();
  desk.FlushRecords();
  return end;
}

}  // namespace

int RunMediator(os::Fd channel) {
  const auto copy = channel.Duplicate();
  const auto end = Serve(std::move(channel));
  if (!end) {
    LogError("commands cannot be mediated: {}", end.error().message);
    if (copy) (void)os::SendMessage(copy->get(), Encode(FromMediator(Failed{end.error().message})));
    return EX_CONFIG;
  }
  return *end == End::kDaemonGone ? 1 : 0;
}

}  // namespace aileron::mediation
