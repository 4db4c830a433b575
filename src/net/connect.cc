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

ConnectAttempt::ConnectAttempt(Loop& loop, const std::vector<Endpoint>& addresses, Interval timeout,
                               OnDone on_done, More more)
    : loop_(loop),
      more_(more),
      last_start_(loop.now()),
      on_done_(std::move(on_done)),
      stagger_(loop, [this] { StartNext(); }),
      deadline_(loop, [this] {
        Finish(Fail(Code::kUnavailable, "{}",
                    last_error_.empty() ? "no answer in time" : last_error_));
      }) {
  if (!addresses.empty()) v6_next_ = addresses.front().is_v6();
  Queue(addresses);
  deadline_.Set(timeout);
  stagger_.Set(
      Interval::zero());  // from the loop, so that on_done never runs inside the constructor
}

ConnectAttempt::~ConnectAttempt() = default;

void ConnectAttempt::Queue(const std::vector<Endpoint>& addresses) {
  for (const Endpoint& address : addresses) (address.is_v6() ? v6_ : v4_).push_back(address);
}

void ConnectAttempt::Add(const std::vector<Endpoint>& addresses) {
  Queue(addresses);
  more_ = More::kNone;
  if (stagger_.armed()) return;
  // Nobody is on the way: at once. Else as long after the last start as ever.
  const bool idle = failures_ == tries_.size();
  const Interval passed = loop_.now() - last_start_;
  stagger_.Set(idle ? Interval::zero()
                    : std::max(Interval::zero(), Interval(limits::connect_stagger) - passed));
}

Endpoint ConnectAttempt::TakeNext() {
  const bool v6 = v6_next_ ? !v6_.empty() : v4_.empty();
  std::deque<Endpoint>& from = v6 ? v6_ : v4_;
  const Endpoint next = from.front();
  from.pop_front();
  v6_next_ = !v6;
  return next;
}

void ConnectAttempt::StartNext() {
  while (waiting()) {
    auto& attempt = tries_.emplace_back(std::make_unique<Try>(*this, TakeNext()));
    last_start_ = loop_.now();
    const int error = attempt->Start();
    if (error == 0) {
      if (waiting()) stagger_.Set(limits::connect_stagger);
      return;
    }
    ++failures_;
    last_error_ = fmt::format("{}: {}", attempt->to().ToString(), std::strerror(error));
  }
  if (failures_ == tries_.size() && more_ == More::kNone) {
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
  if (waiting() || failures_ == tries_.size()) StartNext();
}

void ConnectAttempt::Finish(Result<Connected> result) {
  stagger_.Cancel();
  deadline_.Cancel();
  for (auto& attempt : tries_) attempt->Unwatch();
  const OnDone on_done = std::move(on_done_);
  on_done(std::move(result));  // may destroy this
}

}  // namespace aileron::net
