#include "net/connect.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/limits.h"

namespace aileron::net {

class ConnectAttempt::Try final : private Loop::Handler {
 public:
  Try(ConnectAttempt& attempt, const Endpoint& to) : attempt_(attempt), to_(to) {}
  ~Try() { Unwatch(); }

  // 0, or the errno for which the address is out at once.
  int Start() {
    socket_ = os::Fd(
        ::socket(to_.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return errno;
    sockaddr_storage address;
    const socklen_t size = to_.ToSockaddr(address);
    if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 &&
        errno != EINPROGRESS) {
      return errno;
    }
    if (!attempt_.loop_.Watch(socket_.get(), *this)) return EMFILE;
    watched_ = true;
    return 0;
  }

  os::Fd TakeSocket() {
    Unwatch();
    return std::move(socket_);
  }
  const Endpoint& to() const { return to_; }
  void Unwatch() {
    if (watched_) attempt_.loop_.Forget(socket_.get(), *this);
    watched_ = false;
  }

 private:
  void OnReady(Readiness) override {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return attempt_.Failed(*this, error);
    sockaddr_storage peer;
    size = sizeof peer;
    // Not connected yet: the first edge may come with the registration.
    if (getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) return;
    attempt_.Succeeded(*this);
  }

  ConnectAttempt& attempt_;
  Endpoint to_;
  os::Fd socket_;
  bool watched_ = false;
};

ConnectAttempt::ConnectAttempt(Loop& loop, std::vector<Endpoint> addresses, Interval timeout,
                               OnDone on_done)
    : loop_(loop),
      addresses_(std::move(addresses)),
      on_done_(std::move(on_done)),
      stagger_(loop, [this] { StartNext(); }),
      deadline_(loop, [this] {
        Finish(Fail(Code::kUnavailable, "{}",
                    last_error_.empty() ? "no answer in time" : last_error_));
      }) {
  deadline_.Set(timeout);
  stagger_.Set(
      Interval::zero());  // from the loop, so that on_done never runs inside the constructor
}

ConnectAttempt::~ConnectAttempt() = default;

void ConnectAttempt::StartNext() {
  while (next_ < addresses_.size()) {
    auto& attempt = tries_.emplace_back(std::make_unique<Try>(*this, addresses_[next_++]));
    const int error = attempt->Start();
    if (error == 0) {
      if (next_ < addresses_.size()) stagger_.Set(limits::connect_stagger);
      return;
    }
    ++failures_;
    last_error_ = fmt::format("{}: {}", attempt->to().ToString(), std::strerror(error));
  }
  if (failures_ == addresses_.size()) {
    Finish(Fail(Code::kUnavailable, "{}", last_error_.empty() ? "no address" : last_error_));
  }
}

void ConnectAttempt::Succeeded(Try& winner) {
  Connected connected{winner.TakeSocket(), winner.to()};
  Finish(std::move(connected));
}

void ConnectAttempt::Failed(Try& loser, int error) {
  loser.Unwatch();
  ++failures_;
  last_error_ = fmt::format("{}: {}", loser.to().ToString(), std::strerror(error));
  if (next_ < addresses_.size() || failures_ == addresses_.size()) StartNext();
}

void ConnectAttempt::Finish(Result<Connected> result) {
  stagger_.Cancel();
  deadline_.Cancel();
  for (auto& attempt : tries_) attempt->Unwatch();
  const OnDone on_done = std::move(on_done_);
  on_done(std::move(result));  // may destroy this
}

}  // namespace aileron::net
