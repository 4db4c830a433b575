#include "worker.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "die.h"
#include "limits.h"

namespace loadgen {

Worker::Worker(Plan& plan, int connections, int first)
    : plan_(plan),
      options_(plan.options),
      interval_(plan.Interval()),
      first_(first),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      due_(static_cast<std::size_t>(connections)),
      buffer_(limits::read_buffer) {
  if (epoll_ < 0) Die("epoll_create1 failed");
  connections_.reserve(due_.size());
  for (int i = 0; i < connections; ++i) connections_.emplace_back(plan_, stats_);
}

Worker::~Worker() { close(epoll_); }

void Worker::Run(const std::atomic<bool>& stop) {
  Start();
  std::array<epoll_event, 256> events{};
  Nanos sweep = Now() + limits::sweep_interval;
  while (!stop.load(std::memory_order_relaxed) && !Finished()) {
    const Nanos now = Now();
    RunTimers(now);
    if (now >= sweep) {
      SweepTimeouts(now);
      sweep = now + limits::sweep_interval;
    }
    Nanos wait = limits::wait_max;
    if (!timers_.empty()) wait = std::clamp<Nanos>(timers_.top().due - now, 0, wait);
    const timespec timeout = ToTimespec(wait);
    const int count =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      Drive(event.data.u32, event.events);
    }
  }
}

void Worker::Start() {
  const Nanos start = Now();
  const auto count = static_cast<std::uint32_t>(connections_.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    // Intended starts are spread evenly over one interval.
    due_[i] = start + interval_ * (first_ + Nanos{i}) / options_.connections;
    if (options_.mode == Mode::kHold) {
      if (i < static_cast<std::uint32_t>(options_.ramp)) OpenNextHeld();
    } else if (interval_ > 0 && options_.mode == Mode::kNewConn) {
      timers_.push({due_[i], i});
    } else {
      Open(i);
    }
  }
}

void Worker::Open(std::uint32_t index) {
  std::uint64_t number = 0;
  if (options_.mode == Mode::kNewConn && !plan_.Take(number)) return;
  React(index, connections_[index].Open(plan_.HostOf(number), epoll_, index));
}

void Worker::OpenNextHeld() {
  if (next_held_ < connections_.size()) Open(static_cast<std::uint32_t>(next_held_++));
}

void Worker::Begin(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (options_.mode == Mode::kH2) return connection.StartStreams();
  std::uint64_t number = 0;
  const bool counted = options_.mode == Mode::kKeepAlive && options_.requests > 0;
  if (counted && !plan_.Take(number)) return connection.Finish();
  const Nanos now = options_.mode == Mode::kNewConn ? connection.opened() : Now();
  connection.Request(interval_ > 0 ? std::min(due_[index], now) : now);
}

void Worker::Drive(std::uint32_t index, std::uint32_t events) {
  while (React(index, connections_[index].Advance(events, buffer_))) {
  }
}

// Does what the mode wants after `event`. True when the connection has something to do at once.
bool Worker::React(std::uint32_t index, Event event) {
  switch (event) {
    case Event::kWaiting:
      return false;
    case Event::kMoved:
      return true;
    case Event::kReady:
      OnReady(index);
      break;
    case Event::kResponse:
      OnResponse(index);
      break;
    case Event::kEcho:
      OnEcho(index);
      break;
    case Event::kPeerClosed:
      OnPeerClosed(index);
      break;
    case Event::kFailed:
      OnFailure(index, connections_[index].failure());
      break;
  }
  const Connection& connection = connections_[index];
  return !connection.closed() && !connection.idle() && !connection.connecting();
}

void Worker::OnReady(std::uint32_t index) {
  if (options_.mode == Mode::kHold && !options_.hold_request) return Hold();
  if (interval_ > 0 && options_.mode == Mode::kKeepAlive) {
    timers_.push({due_[index], index});
  } else {
    Begin(index);
  }
}

void Worker::OnResponse(std::uint32_t index) {
  Connection& connection = connections_[index];
  const Response& response = connection.response();
  if (response.status() != (options_.mode == Mode::kWs ? 101 : 200)) {
    return OnFailure(index, "status " + std::to_string(response.status()));
  }
  if (options_.expect_bytes && response.body_bytes() != *options_.expect_bytes) {
    return OnFailure(index, "body of " + std::to_string(response.body_bytes()) + " bytes");
  }
  if (options_.mode == Mode::kHold) return Hold();
  if (options_.mode == Mode::kWs) {
    if (!connection.Ping()) OnFailure(index, "WebSocket write");
    return;
  }
  const Nanos now = Now();
  if (plan_.InWindow(now)) {
    ++stats_.completed;
    stats_.latency.Add(now - connection.intended());
    stats_.ttfb.Add(connection.ttfb());
  }
  if (options_.mode == Mode::kNewConn) {
    connection.Finish();
    if (interval_ > 0) return Schedule(index, now);
    return Open(index);
  }
  if (response.closes()) {
    ++stats_.reconnects;
    connection.Finish();
    if (interval_ > 0) due_[index] += interval_;
    return Open(index);
  }
  if (interval_ > 0) return Schedule(index, now);
  Begin(index);
}

void Worker::OnEcho(std::uint32_t index) {
  Connection& connection = connections_[index];
  const Nanos now = Now();
  if (plan_.InWindow(now)) {
    ++stats_.completed;
    stats_.latency.Add(now - connection.intended());
  }
  if (!connection.Ping()) OnFailure(index, "WebSocket write");
}

void Worker::OnPeerClosed(std::uint32_t index) {
  const bool scheduled = connections_[index].idle();
  connections_[index].Close();
  if (options_.mode == Mode::kHold) {
    --plan_.holding;
    ++stats_.errors["closed while idle"];
    return;
  }
  ++stats_.reconnects;
  if (!scheduled) Open(index);  // an idle one is opened again by its timer
}

void Worker::OnFailure(std::uint32_t index, const std::string& why) {
  ++stats_.errors[why];
  connections_[index].Close();
  if (options_.mode == Mode::kHold) return OpenNextHeld();
  timers_.push({Now() + limits::retry_pause, index});
}

void Worker::Hold() {
  ++plan_.holding;
  ++stats_.completed;
  OpenNextHeld();
}

void Worker::Schedule(std::uint32_t index, Nanos now) {
  due_[index] += interval_;
  timers_.push({std::max(due_[index], now), index});
}

void Worker::RunTimers(Nanos now) {
  while (!timers_.empty() && timers_.top().due <= now) {
    const std::uint32_t index = timers_.top().index;
    timers_.pop();
    if (connections_[index].closed()) {
      Open(index);
    } else if (connections_[index].idle()) {
      Begin(index);
      Drive(index, EPOLLOUT);
    }
  }
}

void Worker::SweepTimeouts(Nanos now) {
  if (options_.mode == Mode::kSse) return;
  const auto count = static_cast<std::uint32_t>(connections_.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const Connection& connection = connections_[i];
    if (connection.closed() || connection.idle()) continue;
    if (now - connection.began() > Seconds(options_.timeout_s)) OnFailure(i, "timeout");
  }
}

bool Worker::Finished() const {
  return options_.requests > 0 && timers_.empty() &&
         std::all_of(connections_.begin(), connections_.end(),
                     [](const Connection& connection) { return connection.closed(); });
}

}  // namespace loadgen
