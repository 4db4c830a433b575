// Supervisor: takes the calls of one sandbox, and judges what each has started before it runs.
//
//   call ──seize, go on──▶ starting ──the program stands──▶ judged ──▶ let go
//                             │                               ├──▶ held, until the daemon answers
//                             └──nothing was started──▶ let go└──▶ standing in
//
// Standing in: it executes this program instead, which refuses, or runs what a redirect says.
//
// Each thread that is between a call and its end is a case. What cannot be judged, or is not what
// was put in its place, is killed and recorded. When this process ends, so do all its cases.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "command/rules.h"
#include "mediation/desk.h"
#include "mediation/look.h"
#include "mediation/ruling.h"
#include "os/notifications.h"
#include "os/processors.h"
#include "os/trace.h"

namespace aileron::mediation {

// This program, as the sandbox has it.
inline constexpr const char* kStandIn = "/run/aileron/bin/aileron";

class Supervisor {
 public:
  using Clock = std::chrono::steady_clock;

  // Told of each program that is let run, before it does.
  using OnExecution = std::function<void(pid_t pid, const command::Execution& execution)>;
  // `stand_in` is the file of this program as the sandbox has it, `programs` as Follow has them.
  Supervisor(os::Notifications calls, command::CommandRules rules,
             std::span<const std::string> programs, Look look, FileId stand_in, Desk& desk,
             OnExecution on_execution);

  // From now on by these rules. The files of `programs`, as rules' "by" names them, are known under
  // each of their names.
  void Follow(command::CommandRules rules, std::span<const std::string> programs);

  // The next call, when one waits.
  void TakeCall();
  // All stops that there are.
  void TakeStops();
  void Take(const Answer& answer);
  // What is to be done at a time: see Due.
  void Tick(Clock::time_point now);
  std::optional<Clock::time_point> Due();

  int descriptor() const { return calls_.descriptor(); }
  bool full() const;
  // The threads whose program may be one that nobody has let run.
  std::vector<pid_t> Changing() const;
  // Several threads are on their way.
  bool busy() const { return cases_.size() > held_.size() + 1; }

 private:
  enum class State : std::uint8_t {
    kStarting,    // its call goes on
    kHeld,        // a person is asked
    kStandingIn,  // it is about to execute this program
    kRedirected,  // this program is about to execute what a redirect says
  };
  struct Case {
    State state = State::kStarting;
    Clock::time_point since;
    std::uint64_t number = 0;  // of kHeld
    std::uint64_t stack = 0;   // of kHeld
    bool redirects = false;    // of kStandingIn
  };

  void LearnRules(std::span<const std::string> programs);
  void Seize(const os::Notifications::Call& call);
  void OnStop(const os::Stop& stop);
  void OnExecuted(const os::Stop& stop);
  void OnSignal(const os::Stop& stop, Case& known);
  void Judge(pid_t pid, Case& known, Turn turn);
  void Hold(pid_t pid, Case& known, const Loaded& loaded, const Ruling& ruling,
            const std::string& command);
  void Approve(pid_t pid, Case& known);
  void StandIn(pid_t pid, Case& known, std::uint64_t stack, int code, const std::string& text,
               const std::vector<std::string>& command = {}, std::uint64_t environment = 0);
  void LetRun(pid_t pid, const command::Execution& execution);
  void Release(pid_t pid, int signal = 0);
  void Kill(pid_t pid, std::string why);
  void Note(std::string action, std::string code, std::string detail);
  void KeepRecord(const Loaded& loaded, const Ruling& ruling, const std::string& command);
  void ForgetStarted();
  void LookForSignals();

  os::Notifications calls_;
  command::CommandRules rules_;
  bool by_parents_ = false;  // a rule depends on who started it
  Look look_;
  FileId stand_in_;
  Desk& desk_;
  OnExecution on_execution_;
  os::Processors processors_;
  int taken_ = 0;  // calls since it stays where it is
  std::unordered_map<pid_t, Case> cases_;
  std::unordered_map<std::uint64_t, pid_t> held_;  // by number
  std::deque<std::pair<Clock::time_point, pid_t>> starting_;
  Clock::time_point signals_looked_;
  std::uint64_t next_number_ = 1;
};

}  // namespace aileron::mediation
