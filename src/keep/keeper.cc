// Tested by tests/launch/test_detach.py.

#include "keep/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <optional>

#include "base/text.h"
#include "keep/frame.h"
#include "keep/kept.h"
#include "keep/limits.h"
#include "keep/output_log.h"
#include "os/environment.h"
#include "os/pipe.h"
#include "os/process.h"
#include "os/pty.h"
#include "os/socket.h"

namespace aileron::keep {

namespace {

constexpr int kSessionFd = 3;  // in the launcher
constexpr os::WindowSize kUsualSize = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
constexpr short kGone = POLLHUP | POLLERR;

struct Client {
  os::Fd socket;
  std::string in, out;
  std::optional<Duration> full_since;
};

class Keeper {
 public:
  explicit Keeper(KeepOptions options) : options_(std::move(options)) {}

  Status Start();
  Result<int> Run();

 private:
  void HearSession();
  void HearSignals();
  void ReadOutput();
  void Show(std::string_view bytes);
  void Admit();
  // False when the client has gone.
  bool Hear(Client& client);
  void Type();
  bool Take(const Frame& frame);
  bool Flush(Client& client);
  short OutputEvents();
  bool IsHeldBack();
  void Tell(const std::string& text);
  int End();

  KeepOptions options_;
  os::Child launcher_;
  os::Fd output_;   // the terminal's master, or a pipe
  os::Fd session_;  // the launcher's --session-fd
  os::Fd signals_;
  std::optional<KeptPlaces> places_;  // once the agent runs
  os::Fd held_;                       // as long as it does
  std::optional<OutputLog> log_;
  std::string shown_;  // the last of what was printed
  os::Fd listener_;
  std::list<Client> clients_;
  std::string typed_;  // that the terminal has not taken yet
};

Status Keeper::Start() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = os::Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  signal(SIGPIPE, SIG_IGN);

  AILERON_ASSIGN(os::Pipe session, os::MakePipe());
  session_ = std::move(session.reader);
  os::SpawnOptions spawn{.path = "/proc/self/exe",
                         .argv = options_.argv,
                         .with_parent = os::WithParent::kDies,
                         .own_session = true};
  const auto after = std::ranges::find(spawn.argv, "launch");
  spawn.argv.insert(after == spawn.argv.end() ? after : after + 1,
                    fmt::format("--session-fd={}", kSessionFd));
  spawn.environment = os::Environment();
  spawn.environment.push_back(fmt::format("{}=1", kKept));
  os::Fd input, theirs;
  if (options_.terminal) {
    AILERON_ASSIGN(os::Pty pty, os::OpenPty());
    os::SetWindowSize(pty.master.get(), kUsualSize);
    output_ = std::move(pty.master);
    (void)fcntl(output_.get(), F_SETFL, O_NONBLOCK);  // who types too much does not stop us
    theirs = std::move(pty.slave);
  } else {
    AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
    output_ = std::move(pipe.reader);
    theirs = std::move(pipe.writer);
    input = os::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!input) return os::FailErrno("cannot open /dev/null");
  }
  spawn.descriptors = {{input ? input.get() : theirs.get(), 0},
                       {theirs.get(), 1},
                       {theirs.get(), 2},
                       {session.writer.get(), kSessionFd}};
  AILERON_ASSIGN(launcher_, os::Spawn(spawn));
  return {};
}

// The agent runs.
void Keeper::HearSession() {
  char text[128];
  const ssize_t count = read(session_.get(), text, sizeof text);
  session_.Reset();
  if (count <= 0) return;  // the launcher ends
  const std::string session(Trim(std::string_view(text, static_cast<std::size_t>(count))));
  const auto ready = [&]() -> Status {
    AILERON_ASSIGN(const KeptPlaces places, PlacesOf(options_.paths, session));
    AILERON_TRY(MakeFolders(options_.paths, places));
    AILERON_ASSIGN(held_, Hold(places));
    AILERON_ASSIGN(log_, OutputLog::Open(places.folder, limits::kLog));
    AILERON_ASSIGN(listener_, os::ListenUnix(places.socket));
    log_->Write(shown_);
    places_ = places;
    return {};
  }();
  if (ready) return Tell(fmt::format("started {}\n", session));
  Show(ready.error().message + "\n");
  (void)os::SignalChild(launcher_, SIGTERM);
}

// Who started it may have left at this moment: then nobody wants what it started.
void Keeper::Tell(const std::string& text) {
  if (!options_.ready) return;
  const bool told = os::WriteAll(options_.ready.get(), text).has_value();
  options_.ready.Reset();
  if (!told) (void)os::SignalChild(launcher_, SIGTERM);
}

void Keeper::HearSignals() {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    (void)os::SignalChild(launcher_, static_cast<int>(info.ssi_signo));
  }
}

void Keeper::ReadOutput() {
  char bytes[16384];
  const ssize_t count = read(output_.get(), bytes, sizeof bytes);
  if (count > 0) {
    Show({bytes, static_cast<std::size_t>(count)});
  } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
    output_.Reset();  // EIO: nobody has the other end any more
  }
}

void Keeper::Show(std::string_view bytes) {
  shown_ += bytes;
  if (shown_.size() > 2 * limits::kShown) shown_.erase(0, shown_.size() - limits::kShown);
  if (log_) log_->Write(bytes);
  for (Client& client : clients_) client.out += Encode(FrameKind::kOutput, bytes);
}

void Keeper::Admit() {
  os::Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket || clients_.size() >= limits::kClients) return;
  Client client{.socket = std::move(socket)};
  const std::size_t from = shown_.size() - std::min(shown_.size(), limits::kShown);
  if (from < shown_.size())
    client.out = Encode(FrameKind::kOutput, std::string_view(shown_).substr(from));
  clients_.push_back(std::move(client));
}

bool Keeper::Hear(Client& client) {
  char bytes[16384];
  const ssize_t count = read(client.socket.get(), bytes, sizeof bytes);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count == 0) return false;
  client.in.append(bytes, static_cast<std::size_t>(count));
  std::string_view rest = client.in;
  while (true) {
    const auto frame = NextFrame(rest);
    if (!frame || (*frame && !Take(**frame))) return false;
    if (!*frame) break;
  }
  client.in.erase(0, client.in.size() - rest.size());
  return true;
}

bool Keeper::Take(const Frame& frame) {
  if (frame.kind == FrameKind::kSize) {
    const auto size = DecodeSize(frame.bytes);
    if (size && options_.terminal && output_) {
      os::SetWindowSize(
          output_.get(),
          {.ws_row = size->rows, .ws_col = size->columns, .ws_xpixel = 0, .ws_ypixel = 0});
      // It is nobody's controlling terminal, so that the kernel tells nobody.
      (void)os::SignalChild(launcher_, SIGWINCH);
    }
    return true;
  }
  if (frame.kind != FrameKind::kKeys) return false;
  if (options_.terminal && output_) typed_ += frame.bytes;
  return true;
}

// As much as the terminal takes.
void Keeper::Type() {
  while (output_ && !typed_.empty()) {
    const ssize_t count = write(output_.get(), typed_.data(), typed_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    typed_.erase(0, static_cast<std::size_t>(count));
  }
}

bool Keeper::Flush(Client& client) {
  while (!client.out.empty()) {
    const ssize_t count =
        send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) return false;
    if (count < 0) break;
    client.out.erase(0, static_cast<std::size_t>(count));
    client.full_since.reset();
  }
  if (client.out.empty()) return true;
  if (!client.full_since) client.full_since = Uptime();
  return Uptime() - *client.full_since < limits::kClientWait;
}

short Keeper::OutputEvents() {
  return static_cast<short>((IsHeldBack() ? 0 : POLLIN) | (typed_.empty() ? 0 : POLLOUT));
}

// Whether somebody has so much to take that the agent waits for him.
bool Keeper::IsHeldBack() {
  return std::ranges::any_of(clients_,
                             [](const Client& one) { return one.out.size() > limits::kPending; });
}

Result<int> Keeper::Run() {
  while (true) {
    std::vector<pollfd> ready = {{launcher_.pidfd.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0},
                                 {session_.get(), POLLIN, 0},        {listener_.get(), POLLIN, 0},
                                 {output_.get(), OutputEvents(), 0}, {options_.ready.get(), 0, 0}};
    const std::size_t first = ready.size();
    bool waits = false;
    for (const Client& client : clients_) {
      // Who types faster than the terminal takes it waits.
      const short in = typed_.size() > limits::kPending ? short{0} : short{POLLIN};
      const short out = client.out.empty() ? short{0} : short{POLLOUT};
      ready.push_back({client.socket.get(), static_cast<short>(in | out), 0});
      waits = waits || client.full_since.has_value();
    }
    if (poll(ready.data(), ready.size(), waits ? 1000 : -1) < 0 && errno != EINTR)
      return os::FailErrno("cannot wait for the launch");
    if (ready[1].revents != 0) HearSignals();
    if ((ready[4].revents & POLLOUT) != 0) Type();
    if ((ready[4].revents & ~POLLOUT) != 0) ReadOutput();
    if (ready[2].revents != 0) HearSession();
    if (ready[3].revents != 0) Admit();
    // Who started it has left before the agent ran: nobody would know what he started.
    if (options_.ready && (ready[5].revents & kGone) != 0) {
      options_.ready.Reset();
      (void)os::SignalChild(launcher_, SIGTERM);
    }
    std::size_t slot = first;
    std::erase_if(clients_, [&](Client& client) {
      // Who was admitted just now has no slot.
      const short events = slot < ready.size() ? ready[slot++].revents : short{0};
      const bool heard = (events & (POLLIN | kGone)) == 0 || Hear(client);
      return !heard || !Flush(client);
    });
    if (ready[0].revents != 0) return End();
  }
}

int Keeper::End() {
  // What was printed last. Something may have the other end still, and print nothing.
  for (pollfd last{output_.get(), POLLIN, 0}; output_ && poll(&last, 1, 0) > 0;) ReadOutput();
  const auto status = os::WaitFor(launcher_);
  const int code = status ? os::ExitCode(*status) : 1;
  if (!places_) {
    Tell(fmt::format("failed {}\n{}", code, shown_));
    return code;
  }
  (void)os::ReplaceFile(places_->folder + "/exit", fmt::format("{}\n", code), 0600);
  (void)unlink(places_->socket.c_str());
  const char byte = static_cast<char>(code);
  for (Client& client : clients_) {
    client.out += Encode(FrameKind::kEnded, {&byte, 1});
    const timeval wait{.tv_sec = limits::kFlushWait / std::chrono::seconds(1), .tv_usec = 0};
    (void)setsockopt(client.socket.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    (void)fcntl(client.socket.get(), F_SETFL, 0);  // it may wait now
    (void)Flush(client);
  }
  return code;
}

}  // namespace

Result<int> Keep(KeepOptions options) {
  RemoveOld(options.paths, Now());
  Keeper keeper(std::move(options));
  AILERON_TRY(keeper.Start());
  return keeper.Run();
}

}  // namespace aileron::keep
