// Following: a stream of server-sent events that follows something which grows, and says that it is
// still there when nothing does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/limits.h"
#include "daemon/request.h"
#include "http/sse.h"
#include "net/loop.h"

namespace aileron::daemon {

class Following : public Source {
 public:
  Next Pull(std::string& out) final {
    if (std::exchange(comment_due_, false)) out += http::kServerSentKeepAlive;
    return Follow(out);
  }

 protected:
  explicit Following(net::Loop& loop)
      : loop_(loop), keep_alive_(loop, [this] {
          comment_due_ = true;
          keep_alive_.Set(limits::kEventsKeepAlive);
          Grown();
        }) {
    keep_alive_.Set(limits::kEventsKeepAlive);
  }

  // Appends what is new, as Source::Pull.
  virtual Next Follow(std::string& out) = 0;

  // There is more. Later, because waking may destroy this stream while who tells of it goes through
  // its watchers.
  void Grown() {
    if (std::exchange(posted_, true)) return;
    loop_.Post([this, alive = std::weak_ptr(alive_)] {
      if (alive.expired()) return;
      posted_ = false;
      Wake();
    });
  }

 private:
  net::Loop& loop_;
  net::Timer keep_alive_;
  bool comment_due_ = true;  // a first comment, so that the client sees the stream at once
  bool posted_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
