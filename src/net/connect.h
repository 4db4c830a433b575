// ConnectAttempt: connects to the first of several addresses that answers (RFC 8305, simplified).
//
// Addresses are tried in the order given; the next one starts when the one before failed or after
// limits::connect_stagger. Whoever is first wins, the others are closed. Which addresses are
// permitted is decided before: nothing is resolved here.
#pragma once

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

  // Calls `on_done` once, from the loop, unless it is destroyed before. `on_done` may destroy it.
  ConnectAttempt(Loop& loop, std::vector<Endpoint> addresses, Interval timeout, OnDone on_done);
  ~ConnectAttempt();
  ConnectAttempt(const ConnectAttempt&) = delete;
  ConnectAttempt& operator=(const ConnectAttempt&) = delete;

 private:
  class Try;
  void StartNext();
  void Succeeded(Try& winner);
  void Failed(Try& loser, int error);
  void Finish(Result<Connected> result);

  Loop& loop_;
  std::vector<Endpoint> addresses_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Try>> tries_;
  std::size_t failures_ = 0;
  std::string last_error_;
  OnDone on_done_;
  Timer stagger_;
  Timer deadline_;
};

}  // namespace aileron::net
