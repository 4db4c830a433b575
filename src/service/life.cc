#include "service/life.h"

#include <algorithm>

#include "service/limits.h"

namespace aileron::service {

Life::Life(Restart restart, HasHealth health, Duration now) : restart_(restart), health_(health) {
  Begin(now);
}

void Life::Begin(Duration now) {
  state_ = State::kRunning;
  began_ = now;
  again_ = false;
  failures_ = 0;
  next_.reset();
  condition_ = Condition::kNone;
  if (health_ == HasHealth::kNo) return;
  condition_ = Condition::kStarting;
  next_ = now + limits::kFirstChecks;
}

void Life::End(State state) {
  state_ = state;
  condition_ = Condition::kNone;
  next_.reset();
}

Order Life::Ended(std::uint8_t code, Duration now) {
  exit_code_ = code;
  if (state_ == State::kStopping) {
    End(State::kStopped);
    return again_ ? Order::kStart : Order::kNothing;
  }
  if (state_ != State::kRunning) return Order::kNothing;
  if (restart_ == Restart::kNo || (restart_ == Restart::kOnFailure && code == 0)) {
    End(State::kExited);
    return Order::kNothing;
  }
  if (now - began_ >= limits::kSettled) in_a_row_ = 0;
  if (++in_a_row_ > limits::kRestarts) {
    End(State::kFailed);
    return Order::kNothing;
  }
  End(State::kWaiting);
  pause_ = limits::kFirstPause;
  for (int i = 1; i < in_a_row_ && pause_ < limits::kLongestPause; ++i) pause_ *= 2;
  pause_ = std::min(pause_, limits::kLongestPause);
  next_ = now + pause_;
  return Order::kNothing;
}

void Life::Started(Duration now) {
  ++restarts_;
  Begin(now);
}

void Life::CannotStart() { End(State::kFailed); }

Order Life::Stop(Duration now) {
  again_ = false;
  if (state_ == State::kWaiting) End(State::kStopped);
  if (state_ != State::kRunning) return Order::kNothing;
  End(State::kStopping);
  next_ = now + limits::kStopWait;
  return Order::kTerminate;
}

Order Life::StartAgain(Duration now) {
  in_a_row_ = 0;
  if (state_ == State::kWaiting || over()) {
    End(State::kStopped);
    return Order::kStart;
  }
  const Order order = Stop(now);
  again_ = true;
  return order;
}

void Life::Checked(bool healthy, Duration now) {
  if (state_ != State::kRunning || health_ == HasHealth::kNo) return;
  const bool first = condition_ == Condition::kStarting;
  if (healthy) {
    failures_ = 0;
    condition_ = Condition::kHealthy;
  } else if (++failures_ >= (first ? limits::kFirstFailures : limits::kFailures)) {
    condition_ = Condition::kUnhealthy;
  }
  next_ = now + (condition_ == Condition::kStarting ? limits::kFirstChecks : limits::kChecks);
}

Order Life::Pass(Duration now) {
  if (!next_ || *next_ > now) return Order::kNothing;
  next_.reset();
  switch (state_) {
    case State::kRunning:
      return Order::kCheck;
    case State::kWaiting:
      return Order::kStart;
    case State::kStopping:
      return Order::kKill;
    case State::kStopped:
    case State::kExited:
    case State::kFailed:
      break;
  }
  return Order::kNothing;
}

std::optional<Duration> Life::Next() const { return next_; }

}  // namespace aileron::service
