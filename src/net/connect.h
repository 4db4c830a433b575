// ConnectAttempt: connects to the first of several addresses that answers (RFC 8305 §4 and §5).
//
// The families take turns, beginning with that of the first address; within a family the order is
// the caller's. The next address starts when the one before failed or after
// limits::connect_stagger. Whoever is first wins, the others are closed. Addresses that are
// resolved later may join. Which addresses are permitted is decided before: nothing is resolved
// here.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/endpoint.h"
#include "net/loop.h"

namespace aileron::net {

struct Connected {
  os::Fd socket;  // non-blocking
  Endpoint peer;
};

class ConnectAttempt {
 public:
  using OnDone = std::function<void(Result<Connected>)>;
  // kExpected: Add will be called once; until then it is too early to say that all have failed.
  enum class More : std::uint8_t { kNone, kExpected };

  // Calls `on_done` once, from the loop, unless it is destroyed before. `on_done` may destroy it.
  ConnectAttempt(Loop& loop, const std::vector<Endpoint>& addresses, Interval timeout,
                 OnDone on_done, More more = More::kNone);
  ~ConnectAttempt();
  ConnectAttempt(const ConnectAttempt&) = delete;
  ConnectAttempt& operator=(const ConnectAttempt&) = delete;

  // The rest of the addresses, perhaps none. Calls nobody from within.
  void Add(const std::vector<Endpoint>& addresses);

 private:
  class Try;
  void Queue(const std::vector<Endpoint>& addresses);
  bool waiting() const { return !v6_.empty() || !v4_.empty(); }
  Endpoint TakeNext();
  void StartNext();
  void Succeeded(Try& winner);
  void Failed(Try& loser, int error);
  void Finish(Result<Connected> result);

  Loop& loop_;
  std::deque<Endpoint> v6_;
  std::deque<Endpoint> v4_;
  bool v6_next_ = true;
  More more_;
  Instant last_start_;
  std::vector<std::unique_ptr<Try>> tries_;
  std::size_t failures_ = 0;
  std::string last_error_;
  OnDone on_done_;
  Timer stagger_;
  Timer deadline_;
};

}  // namespace aileron::net
