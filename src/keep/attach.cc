// Tested by tests/launch/test_detach.py.

#include "keep/attach.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "keep/frame.h"
#include "keep/limits.h"
#include "os/fd.h"
#include "os/pty.h"
#include "os/socket.h"

namespace aileron::keep {

namespace {

class Attached {
 public:
  Attached(AttachOptions options, os::Fd socket)
      : options_(std::move(options)),
        socket_(std::move(socket)),
        terminal_(isatty(STDIN_FILENO) != 0 && options_.input),
        keys_open_(options_.input) {}

  Result<std::optional<int>> Run();

 private:
  Status SendSize();
  // False once the person wants to leave.
  Result<bool> ReadKeys();
  // The exit code, once it is there.
  Result<std::optional<int>> HearKeeper();

  AttachOptions options_;
  os::Fd socket_;
  const bool terminal_;
  bool keys_open_;
  std::string in_;
};

Status Attached::SendSize() {
  const os::WindowSize size = os::WindowSizeOf(STDOUT_FILENO);
  if (size.ws_row == 0 || size.ws_col == 0) return {};
  return os::WriteAll(socket_.get(), EncodeSize({size.ws_row, size.ws_col}));
}

Result<bool> Attached::ReadKeys() {
  char bytes[4096];
  const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) {
    keys_open_ = false;
    return true;
  }
  std::string keys(bytes, static_cast<std::size_t>(count));
  bool leave = false;
  if (terminal_) keys = options_.leave.Feed(keys, leave);
  if (!keys.empty()) AILERON_TRY(os::WriteAll(socket_.get(), Encode(FrameKind::kKeys, keys)));
  return !leave;
}

Result<std::optional<int>> Attached::HearKeeper() {
  char bytes[16384];
  const ssize_t count = read(socket_.get(), bytes, sizeof bytes);
  if (count < 0 && errno == EINTR) return std::nullopt;
  if (count <= 0 && os::ConnectUnix(options_.socket)) {
    return Fail(
        Code::kUnavailable,
        "let go, since this terminal took nothing for too long, or too many look; the agent "
        "goes on");
  }
  if (count <= 0) {
    return Fail(Code::kUnavailable, "the launch's keeper has gone, and the sandbox with it");
  }
  in_.append(bytes, static_cast<std::size_t>(count));
  std::string_view rest = in_;
  while (true) {
    AILERON_ASSIGN(const auto frame, NextFrame(rest));
    if (!frame) break;
    if (frame->kind == FrameKind::kEnded && frame->bytes.size() == 1)
      return static_cast<unsigned char>(frame->bytes.front());
    if (frame->kind == FrameKind::kOutput) AILERON_TRY(os::WriteAll(STDOUT_FILENO, frame->bytes));
  }
  in_.erase(0, in_.size() - rest.size());
  return std::nullopt;
}

Result<std::optional<int>> Attached::Run() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGWINCH, SIGTERM, SIGHUP, SIGINT}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const os::Fd signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  AILERON_TRY(SendSize());
  std::optional<os::RawTerminal> raw;
  if (terminal_) raw.emplace(STDIN_FILENO);
  while (true) {
    std::array<pollfd, 3> ready = {pollfd{socket_.get(), POLLIN, 0},
                                   pollfd{keys_open_ ? STDIN_FILENO : -1, POLLIN, 0},
                                   pollfd{signals.get(), POLLIN, 0}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR)
      return os::FailErrno("cannot wait for the agent");
    if (ready[2].revents != 0) {
      signalfd_siginfo info;
      while (read(signals.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGWINCH) return std::nullopt;
        AILERON_TRY(SendSize());
      }
    }
    if (ready[0].revents != 0) {
      AILERON_ASSIGN(const auto code, HearKeeper());
      if (code) return code;
    }
    if (ready[1].revents != 0) {
      AILERON_ASSIGN(const bool stays, ReadKeys());
      if (!stays) return std::nullopt;
    }
  }
}

}  // namespace

Result<std::optional<int>> AttachTo(AttachOptions options) {
  auto socket = os::ConnectUnix(options.socket);
  if (!socket && socket.error().code == Code::kUnavailable) {
    // A keeper that ends takes its socket away; one that is killed cannot.
    (void)unlink(options.socket.c_str());
    return Fail(Code::kUnavailable, "its keeper was killed, and the sandbox with it");
  }
  if (!socket) return std::unexpected(std::move(socket.error()));
  AILERON_ASSIGN(const os::PeerCredentials peer, os::PeerOf(socket->get()));
  if (peer.uid != geteuid()) {
    return Fail(Code::kDenied, "{} is somebody else's", options.socket);
  }
  return Attached(std::move(options), *std::move(socket)).Run();
}

}  // namespace aileron::keep
