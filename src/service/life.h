// Life: when one service is started, stopped, started again and checked. Decides, and does nothing:
// each event gives back the order to carry out. It keeps no clock: callers pass `now`.
//
//   running ──ended──▶ restarting ──pause──▶ running      as long as it may be started again
//      │                   └──▶ failed                    after limits::kRestarts in a row
//      ├──ended──▶ exited                                 when it is not to be started again
//      └──stop──▶ stopping ──ended──▶ stopped             SIGTERM, then SIGKILL
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "service/service.h"

namespace aileron::service {

enum class Order : std::uint8_t { kNothing, kStart, kTerminate, kKill, kCheck };

enum class HasHealth : std::uint8_t { kNo, kYes };

class Life {
 public:
  // Of one that has been started just now.
  Life(Restart restart, HasHealth health, Duration now);

  // It ended with `code`, as a shell would show it.
  Order Ended(std::uint8_t code, Duration now);
  // What kStart asked for was done, or could not be.
  void Started(Duration now);
  void CannotStart();
  // Somebody wants it to end, or to begin anew whatever it does now.
  Order Stop(Duration now);
  Order StartAgain(Duration now);
  // A check that kCheck asked for came to its end.
  void Checked(bool healthy, Duration now);
  // Time has passed. To be called until it gives kNothing.
  Order Pass(Duration now);
  // When Pass has something to do.
  std::optional<Duration> Next() const;

  State state() const { return state_; }
  Condition condition() const { return condition_; }
  std::uint32_t restarts() const { return restarts_; }
  std::optional<std::uint8_t> exit_code() const { return exit_code_; }
  // Nothing more happens by itself.
  bool over() const { return state_ >= State::kStopped; }
  // How long until it is started again, while it waits for that.
  Duration pause() const { return pause_; }

 private:
  void Begin(Duration now);
  void End(State state);

  Restart restart_;
  HasHealth health_;
  State state_ = State::kRunning;
  Condition condition_ = Condition::kNone;
  std::uint32_t restarts_ = 0;
  std::optional<std::uint8_t> exit_code_;
  int in_a_row_ = 0;    // starts that did not settle
  int failures_ = 0;    // of checks, in a row
  bool again_ = false;  // to be started once it has ended
  Duration pause_{};
  Duration began_{};
  std::optional<Duration> next_;
};

}  // namespace aileron::service
