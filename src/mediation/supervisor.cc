// Tested by tests/mediation/test_commands.py.

#include "mediation/supervisor.h"

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "base/time.h"
#include "mediation/limits.h"
#include "mediation/signals.h"

namespace aileron::mediation {

namespace {

std::uint64_t NowMicroseconds() {
  return static_cast<std::uint64_t>(Now().time_since_epoch().count());
}

// Where a program that is called by its name is the system's.
constexpr std::string_view kProgramFolders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                "/usr/bin"};

// The files that commands' rules name by their paths, and those that `programs` may be.
std::vector<std::string> PathsIn(const std::vector<command::CommandRule>& rules,
                                 std::span<const std::string> programs) {
  std::vector<std::string> paths;
  for (const command::CommandRule& rule : rules) {
    if (!rule.pattern.starts_with('/')) continue;
    paths.push_back(rule.pattern.substr(0, rule.pattern.find(' ')));
  }
  for (const std::string& program : programs) {
    const std::string first = program.substr(0, program.find(' '));
    if (first.starts_with('/')) paths.push_back(first);
    if (first.contains('/')) continue;
    for (const std::string_view folder : kProgramFolders) {
      paths.push_back(fmt::format("{}/{}", folder, first));
    }
  }
  std::ranges::sort(paths);
  paths.erase(std::ranges::unique(paths).begin(), paths.end());
  return paths;
}

}  // namespace

Supervisor::Supervisor(os::Notifications calls, command::CommandRules rules,
                       std::span<const std::string> programs, Look look, FileId stand_in,
                       Desk& desk, OnExecution on_execution)
    : calls_(std::move(calls)),
      rules_(std::move(rules)),
      look_(std::move(look)),
      stand_in_(stand_in),
      desk_(desk),
      on_execution_(std::move(on_execution)) {
  LearnRules(programs);
}

void Supervisor::Follow(command::CommandRules rules, std::span<const std::string> programs) {
  rules_ = std::move(rules);
  LearnRules(programs);
}

void Supervisor::LearnRules(std::span<const std::string> programs) {
  by_parents_ =
      std::ranges::any_of(rules_.rules(), [](const auto& rule) { return !rule.by.empty(); });
  look_.Watch(PathsIn(rules_.rules(), programs));
}

std::vector<pid_t> Supervisor::Changing() const {
  std::vector<pid_t> threads;
  for (const auto& [thread, known] : cases_) threads.push_back(thread);
  return threads;
}

bool Supervisor::full() const { return cases_.size() >= limits::kCases || desk_.full(); }

void Supervisor::TakeCall() {
  if (const auto call = calls_.Next()) Seize(*call);
}

// Nothing is read here: what stands in the caller's memory now may be something else when the
// kernel reads it.
void Supervisor::Seize(const os::Notifications::Call& call) {
  if (!cases_.contains(call.thread)) {
    if (const Status seized = os::Seize(call.thread); !seized) {
      (void)calls_.Fail(call, EPERM);
      return Note("deny", "command_traced", seized.error().message);
    }
  }
  const auto now = Clock::now();
  cases_[call.thread].since = now;
  starting_.emplace_back(now, call.thread);
  // The caller is here, and so will be the stop that follows.
  if (taken_++ == 0) processors_.Stay();
  // One that was killed meanwhile ends, which is a stop.
  (void)calls_.GoOn(call);
}

void Supervisor::TakeStops() {
  while (const auto stop = os::NextStop()) OnStop(*stop);
  // The next callers may be anywhere.
  if (taken_ >= limits::kCallsHere && cases_.size() == held_.size()) {
    processors_.Roam();
    taken_ = 0;
  }
}

void Supervisor::OnStop(const os::Stop& stop) {
  using Kind = os::Stop::Kind;
  if (stop.kind == Kind::kExecuted) return OnExecuted(stop);
  const auto found = cases_.find(stop.pid);
  if (stop.kind == Kind::kEnded) {
    if (found == cases_.end()) return;
    if (found->second.state == State::kHeld) {
      held_.erase(found->second.number);
      desk_.Send(Gone{found->second.number});
    }
    cases_.erase(found);
    return;
  }
  if (found == cases_.end()) return Release(stop.pid, stop.signal);
  OnSignal(stop, found->second);
}

// It is about to leave the kernel without having started anything, or runs this program.
void Supervisor::OnSignal(const os::Stop& stop, Case& known) {
  if (known.state == State::kStarting) return Release(stop.pid, stop.signal);
  if (stop.kind == os::Stop::Kind::kHalted) return os::StayHalted(stop.pid);
  (void)os::GoOn(stop.pid, stop.signal);
}

void Supervisor::OnExecuted(const os::Stop& stop) {
  // A single case can only be this one's.
  const bool single = !busy() && cases_.contains(stop.pid);
  const pid_t was = single ? stop.pid : os::ThreadBefore(stop.pid);
  auto found = cases_.find(was);
  if (found == cases_.end()) return Kill(stop.pid, "it was executed without a call");
  if (was != stop.pid) {
    // The thread has taken the number of its process, whose other threads are gone.
    Case moved = std::move(found->second);
    cases_.erase(found);
    found = cases_.insert_or_assign(stop.pid, std::move(moved)).first;
  }
  Case& known = found->second;
  if (known.state != State::kStandingIn) {
    const bool redirected = known.state == State::kRedirected;
    return Judge(stop.pid, known, redirected ? Turn::kRedirected : Turn::kFirst);
  }
  if (!look_.RunsFile(stop.pid, stand_in_)) {
    return Kill(stop.pid, "it ran something else than what was put in its place");
  }
  if (!known.redirects) return Release(stop.pid);
  known.state = State::kRedirected;
  (void)os::GoOn(stop.pid);
}

void Supervisor::Judge(pid_t pid, Case& known, Turn turn) {
  auto loaded = look_.At(pid);
  if (!loaded) return Kill(pid, loaded.error().message);
  command::Execution& execution = loaded->execution;
  if (by_parents_) look_.Complete(pid, execution);
  // What this one would start comes by itself, with all its words.
  constexpr auto kScope = command::Scope::kItself;
  command::CommandVerdict verdict = rules_.Decide(execution, kScope);
  // Most are let run by no rule. The rest is looked at with all that can be known.
  if (!by_parents_ && verdict.action != command::Action::kAllow) {
    look_.Complete(pid, execution);
    verdict = rules_.Decide(execution, kScope);
  }
  const Ruling ruling = RuleOn(verdict, execution, turn);
  if (ruling.kind == Ruling::Kind::kAsk) return Hold(pid, known, *loaded, ruling, verdict.command);
  KeepRecord(*loaded, ruling, verdict.command);
  if (ruling.kind == Ruling::Kind::kLet) return LetRun(pid, execution);
  const bool redirects = ruling.kind == Ruling::Kind::kRedirect;
  StandIn(pid, known, loaded->stack, kRefusedCode, ruling.text, ruling.command,
          redirects ? loaded->environment : 0);
}

void Supervisor::Hold(pid_t pid, Case& known, const Loaded& loaded, const Ruling& ruling,
                      const std::string& command) {
  if (held_.size() >= limits::kHeld) {
    const std::string what = loaded.execution.argv.empty() ? "" : loaded.execution.argv.front();
    return StandIn(pid, known, loaded.stack, kPendingCode,
                   RefusalText(what, "too many commands wait for a person", "try again later"));
  }
  known.state = State::kHeld;
  known.number = next_number_++;
  known.stack = loaded.stack;
  held_.emplace(known.number, pid);
  desk_.Send(Ask{.number = known.number,
                 .told = Tell(loaded.execution, command),
                 .rule = ruling.rule,
                 .reason = ruling.reason});
}

void Supervisor::Take(const Answer& answer) {
  const auto waiting = held_.find(answer.number);
  if (waiting == held_.end()) return;
  const pid_t pid = waiting->second;
  held_.erase(waiting);
  const auto found = cases_.find(pid);
  if (found == cases_.end()) return;
  if (answer.said == Said::kYes) return Approve(pid, found->second);
  StandIn(pid, found->second, found->second.stack,
          answer.said == Said::kNo ? kRefusedCode : kPendingCode,
          answer.text.substr(0, limits::kRefusalText));
}

// The rules may be others than those that asked: a no beats a yes.
void Supervisor::Approve(pid_t pid, Case& known) {
  auto loaded = look_.At(pid);
  if (!loaded) return Kill(pid, loaded.error().message);
  look_.Complete(pid, loaded->execution);
  const command::CommandVerdict verdict = rules_.Decide(loaded->execution, command::Scope::kItself);
  if (verdict.action != command::Action::kDeny) return LetRun(pid, loaded->execution);
  const Ruling ruling = RuleOn(verdict, loaded->execution, Turn::kFirst);
  KeepRecord(*loaded, ruling, verdict.command);
  StandIn(pid, known, loaded->stack, kRefusedCode, ruling.text);
}

void Supervisor::StandIn(pid_t pid, Case& known, std::uint64_t stack, int code,
                         const std::string& text, const std::vector<std::string>& command,
                         std::uint64_t environment) {
  os::Replacement with{.path = kStandIn,
                       .argv = {"aileron", "stand-in", std::to_string(code), text},
                       .environment = environment};
  if (!command.empty()) {
    with.argv.emplace_back("--");
    with.argv.insert(with.argv.end(), command.begin(), command.end());
  }
  if (const Status replaced = os::Replace(pid, stack, with); !replaced) {
    return Kill(pid, replaced.error().message);
  }
  known.state = State::kStandingIn;
  known.redirects = !command.empty();
  (void)os::GoOn(pid);
}

void Supervisor::LetRun(pid_t pid, const command::Execution& execution) {
  on_execution_(pid, execution);
  Release(pid);
}

void Supervisor::Release(pid_t pid, int signal) {
  cases_.erase(pid);
  (void)os::LetGo(pid, signal);
}

// Its end comes as a stop.
void Supervisor::Kill(pid_t pid, std::string why) {
  os::Kill(pid);
  Note("kill", "command_not_judged", std::move(why));
}

// Of what cannot be told more of.
void Supervisor::Note(std::string action, std::string code, std::string detail) {
  desk_.Keep({.time_us = NowMicroseconds(),
              .told = {},
              .action = std::move(action),
              .rule = {},
              .code = std::move(code),
              .detail = std::move(detail)});
  desk_.FlushRecords();
}

void Supervisor::KeepRecord(const Loaded& loaded, const Ruling& ruling,
                            const std::string& command) {
  desk_.Keep({.time_us = NowMicroseconds(),
              .told = Tell(loaded.execution, command),
              .action = ruling.action,
              .rule = ruling.rule,
              .code = ruling.code,
              .detail = {}});
  if (ruling.kind != Ruling::Kind::kLet) desk_.FlushRecords();
}

// Calls that fail start nothing, and their threads would stay traced.
void Supervisor::Tick(Clock::time_point now) {
  ForgetStarted();
  while (!starting_.empty() && starting_.front().first + limits::kFailedCall <= now) {
    os::Interrupt(starting_.front().second);
    starting_.pop_front();
    ForgetStarted();
  }
  if (held_.empty() || signals_looked_ + limits::kSignalsLook > now) return;
  signals_looked_ = now;
  LookForSignals();
}

// Nearly every call has started something long before it would be looked at: it is not waited for,
// as each wait programs a timer and wakes this process beside the command.
void Supervisor::ForgetStarted() {
  while (!starting_.empty()) {
    const auto& [since, thread] = starting_.front();
    const auto found = cases_.find(thread);
    if (found != cases_.end() && found->second.state == State::kStarting &&
        found->second.since == since) {
      return;
    }
    starting_.pop_front();
  }
}

// What stands does not hear signals. One that would end it does so without letting it run: it goes
// on as if it were refused, and the signal comes first.
void Supervisor::LookForSignals() {
  std::vector<std::uint64_t> signalled;
  for (const auto& [number, pid] : held_) {
    if (HasDeadlySignal(pid)) signalled.push_back(number);
  }
  for (const std::uint64_t number : signalled) {
    Take(Answer{number, Said::kNo, RefusalText("the command", "it was interrupted", "")});
    desk_.Send(Gone{number});
  }
}

std::optional<Supervisor::Clock::time_point> Supervisor::Due() {
  ForgetStarted();
  std::optional<Clock::time_point> due;
  if (!starting_.empty()) due = starting_.front().first + limits::kFailedCall;
  if (!held_.empty()) {
    const auto look = signals_looked_ + limits::kSignalsLook;
    due = due ? std::min(*due, look) : look;
  }
  return due;
}

}  // namespace aileron::mediation
