// Worker: one thread's connections and their loop. What a mode means is said here: what follows a
// handshake, a response, an echo, a failure.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "connection.h"
#include "plan.h"
#include "stats.h"

namespace loadgen {

class Worker {
 public:
  // `first` is the number of its first connection among all workers' connections.
  Worker(Plan& plan, int connections, int first);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // Runs until `stop`, or until all operations of --requests were taken and have ended.
  void Run(const std::atomic<bool>& stop);

  const Stats& stats() const { return stats_; }

 private:
  struct Timer {
    Nanos due;
    std::uint32_t index;
    bool operator>(const Timer& other) const { return due > other.due; }
  };

  void Start();
  void Open(std::uint32_t index);
  void OpenNextHeld();
  void Begin(std::uint32_t index);
  void Drive(std::uint32_t index, std::uint32_t events);
  bool React(std::uint32_t index, Event event);
  void OnReady(std::uint32_t index);
  void OnResponse(std::uint32_t index);
  void OnEcho(std::uint32_t index);
  void OnPeerClosed(std::uint32_t index);
  void OnFailure(std::uint32_t index, const std::string& why);
  void Hold();
  void Schedule(std::uint32_t index, Nanos now);
  void RunTimers(Nanos now);
  void SweepTimeouts(Nanos now);
  bool Finished() const;

  Plan& plan_;
  const Options& options_;
  const Nanos interval_;
  const int first_;
  const int epoll_;
  Stats stats_;
  std::vector<Connection> connections_;
  std::vector<Nanos> due_;  // open loop: when each connection's next operation is meant to begin
  std::size_t next_held_ = 0;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<char> buffer_;
};

}  // namespace loadgen
