// Landed: how the last calls of operations ended, for a client that lost the answer and asks again
// with its key.
//
// At most limits::kLandedKept calls of a session, and limits::kLandedBytes of bodies in all: the
// oldest bodies go first, whoever's they are. What is left of such a call says so, and that it ran.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "approval/approval.h"
#include "crypto/hash.h"

namespace aileron::daemon {

class Landed {
 public:
  using Key = std::pair<std::string, std::string>;  // session, and the client's key
  struct Call {
    crypto::Digest digest{};  // which call it was, to tell it from another with the same key
    approval::Outcome outcome;
  };

  // Nothing when it is not known any more. Until the next call of anything here.
  const Call* Find(const Key& key) const;
  // The first of a key stays.
  void Keep(const Key& key, Call call);
  // Forgets sessions that `over` says this of.
  void Forget(const std::function<bool(const std::string& session)>& over);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    Call call;
    std::uint64_t number = 0;  // in `bodies_`, as long as it has a body
  };
  struct OfSession {
    std::map<std::string, Kept> calls;  // by the client's key
    std::deque<std::string> order;
  };
  void DropBody(Kept& kept);

  std::map<std::string, OfSession> sessions_;
  std::map<std::uint64_t, Kept*> bodies_;  // the oldest first
  std::uint64_t next_number_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace aileron::daemon
