// Desk: the mediator's end of the channel to the daemon: what came, and what waits to be sent.
//
// Nothing here waits. Records are sent together; what the daemon does not take yet stays here, and
// full() says that no more commands should be taken meanwhile, so that it stays bounded.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "mediation/messages.h"
#include "os/fd.h"

namespace aileron::mediation {

class Desk {
 public:
  explicit Desk(os::Fd channel) : channel_(std::move(channel)) {}

  void Send(const FromMediator& message);
  void Keep(Record record);
  // Sends the records whose time has come, and what waits.
  void Flush(std::chrono::steady_clock::time_point now);
  // All records, now.
  void FlushRecords();
  // When Flush is to be called again.
  std::optional<std::chrono::steady_clock::time_point> Due() const;

  // The next message; nothing when there is none now. An Error: the daemon has gone, or speaks
  // nonsense.
  Result<std::optional<FromDaemon>> Receive();

  bool full() const { return queue_.size() >= kFull; }
  bool waits() const { return !queue_.empty(); }
  int descriptor() const { return channel_.get(); }

 private:
  static constexpr std::size_t kFull = 64;
  void SendQueue();

  os::Fd channel_;
  std::deque<std::string> queue_;
  Records records_;
  std::size_t records_bytes_ = 0;
  std::chrono::steady_clock::time_point first_record_;
};

}  // namespace aileron::mediation
