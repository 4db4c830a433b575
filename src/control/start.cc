#include "control/start.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.h"
#include "os/pipe.h"
#include "os/process.h"
#include "os/socket.h"

namespace aileron::control {

namespace {

using Clock = std::chrono::steady_clock;

// The last three are what a password manager finds its window and its agent by. Nothing that points
// a command of the user's at other files (GNUPGHOME and the like): a project may have set it.
constexpr std::array<std::string_view, 17> kInherited = {"HOME",
                                                         "PATH",
                                                         "LANG",
                                                         "TZ",
                                                         "TMPDIR",
                                                         "USER",
                                                         "LOGNAME",
                                                         "SSL_CERT_FILE",
                                                         "SSL_CERT_DIR",
                                                         "XDG_CONFIG_HOME",
                                                         "XDG_STATE_HOME",
                                                         "XDG_RUNTIME_DIR",
                                                         "ASAN_OPTIONS",
                                                         "UBSAN_OPTIONS",
                                                         "DBUS_SESSION_BUS_ADDRESS",
                                                         "DISPLAY",
                                                         "WAYLAND_DISPLAY"};

int MillisecondsUntil(Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<long>(left, 0));
}

// The lock of those who start a daemon. flock() itself knows no deadline, so a lock that is held is
// asked for again after a pause; nobody waits here unless two start at the same moment.
Result<os::Fd> TakeLock(const std::string& path, Clock::time_point deadline) {
  os::Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return os::FailErrno("cannot open {}", path);
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return os::FailErrno("cannot lock {}", path);
    if (Clock::now() >= deadline) {
      return Fail(
          Code::kUnavailable,
          "another aileron has been starting the daemon for too long (it holds {}). End it and "
          "try again",
          path);
    }
    std::this_thread::sleep_for(limits::contended_pause);
  }
  return lock;
}

// Whether a daemon holds the state's lock file: it is starting, or stopping.
bool DaemonHoldsLock(const os::Paths& paths) {
  const std::string path = paths.state + "/daemon.lock";
  const os::Fd lock(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  return lock && flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

// The last line of the log, from `from` on: what an earlier daemon wrote explains nothing.
std::string LastLogLine(int log, off_t from) {
  struct stat info;
  if (fstat(log, &info) != 0 || info.st_size <= from) return {};
  const auto tail = static_cast<off_t>(limits::log_tail_bytes);
  const off_t begin = std::max(from, info.st_size - tail);
  std::string bytes(static_cast<std::size_t>(info.st_size - begin), '\0');
  const ssize_t count = pread(log, bytes.data(), bytes.size(), begin);
  if (count <= 0) return {};
  bytes.resize(static_cast<std::size_t>(count));
  const std::string_view text = Trim(bytes);
  return Printable(text.substr(text.rfind('\n') + 1));
}

struct Starting {
  os::Fd ready;  // the pipe's end that we read
  os::Fd log;
  off_t log_begin = 0;
};

Result<Starting> Start(const os::Paths& paths, const StartOptions& options) {
  Starting starting;
  const std::string log_path = LogFile(paths);
  starting.log =
      os::Fd(open(log_path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!starting.log) return os::FailErrno("cannot open {}", log_path);
  starting.log_begin = lseek(starting.log.get(), 0, SEEK_END);
  const os::Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return os::FailErrno("cannot open /dev/null");
  AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
  starting.ready = std::move(pipe.reader);
  const os::Fd writer = std::move(pipe.writer);

  os::SpawnOptions spawn;
  spawn.path = options.program;
  // --detach: the process forks and its parent, our child, ends at once, so that no daemon stays
  // behind as a zombie of a launcher that runs for hours.
  spawn.argv = {"aileron", "daemon", "run", "--detach", "--ready-fd", "3"};
  spawn.argv.insert(spawn.argv.end(), options.arguments.begin(), options.arguments.end());
  spawn.environment = DaemonEnvironment(environ);
  spawn.descriptors = {
      {nothing.get(), 0}, {starting.log.get(), 1}, {starting.log.get(), 2}, {writer.get(), 3}};
  spawn.own_session = true;
  AILERON_ASSIGN(const os::Child child, os::Spawn(spawn));
  AILERON_TRY(os::WaitFor(child));
  return starting;
}

// Waits for the daemon's word. Empty: it is ready. Otherwise what it says, or says nothing of.
Result<std::string> AwaitReady(const Starting& starting, Clock::time_point deadline) {
  std::string said;
  while (said.size() < limits::ready_bytes) {
    pollfd watched{starting.ready.get(), POLLIN, 0};
    const int ready = poll(&watched, 1, MillisecondsUntil(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return os::FailErrno("cannot wait for the daemon");
    if (ready == 0) {
      return Fail(Code::kUnavailable, "it was not ready in time");
    }
    char chunk[1024];
    const ssize_t count = read(starting.ready.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FailErrno("cannot wait for the daemon");
    if (count == 0) break;
    if (said.empty() && chunk[0] == kReadyByte) return std::string();
    said.append(chunk, static_cast<std::size_t>(count));
  }
  if (said.empty()) said = LastLogLine(starting.log.get(), starting.log_begin);
  return said.empty() ? "it ended without a word" : said;
}

// The daemon did not come up; `why` may be that another one was quicker, which then is good too.
Result<Client> AwaitOther(const os::Paths& paths, Clock::time_point deadline,
                          const std::string& why) {
  while (true) {
    AILERON_ASSIGN(std::optional<Client> client, ConnectIfRunning(paths));
    if (client) return std::move(*client);
    if (!DaemonHoldsLock(paths) || Clock::now() >= deadline) {
      return Fail(Code::kUnavailable, "cannot start the daemon: {}. Its log is {}",
                  Trim(why, " .\n"), LogFile(paths));
    }
    std::this_thread::sleep_for(limits::contended_pause);
  }
}

// How many operations run, by an answer of the daemon. A daemon that is ending says nothing.
std::optional<std::uint64_t> OperationsIn(const Result<Response>& response) {
  if (!response) return std::nullopt;
  const auto told = nlohmann::json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  if (!told.is_object() || !told.contains("operations")) return std::nullopt;
  if (!told["operations"].is_number_unsigned()) return std::nullopt;
  return told["operations"].get<std::uint64_t>();
}

// Ending: a daemon's process that is to end. It is held by its descriptor, so its number cannot
// become another's.
class Ending {
 public:
  // The one at the other end.
  static Result<Ending> Of(const Client& client) {
    AILERON_ASSIGN(const os::PeerCredentials peer, os::PeerOf(client.descriptor()));
    Ending ending;
    ending.pid_ = peer.pid;
    ending.process_ = os::Fd(static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0)));
    if (!ending.process_ && errno != ESRCH) return os::FailErrno("cannot watch the daemon");
    return ending;
  }

  // Whether it has ended by then.
  Result<bool> Await(Clock::time_point deadline) const {
    while (process_) {
      pollfd watched{process_.get(), POLLIN, 0};
      const int ready = poll(&watched, 1, MillisecondsUntil(deadline));
      if (ready > 0) break;
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return os::FailErrno("cannot wait for the daemon to stop");
      return false;
    }
    return true;
  }

  std::unexpected<Error> TooLong(const os::Paths& paths, Duration patience) const {
    return Fail(Code::kUnavailable,
                "the daemon, process {}, has not stopped in {}. Look into its log, {}", pid_,
                FormatDuration(patience), LogFile(paths));
  }

 private:
  pid_t pid_ = 0;
  os::Fd process_;
};

}  // namespace

std::string LogFile(const os::Paths& paths) { return paths.state + "/daemon.log"; }

std::vector<std::string> DaemonEnvironment(const char* const* environment) {
  std::vector<std::string> kept;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const std::string_view name = entry.substr(0, entry.find('='));
    const bool known = std::ranges::find(kInherited, name) != kInherited.end();
    if (known || name.starts_with("LC_")) kept.emplace_back(entry);
  }
  return kept;
}

Result<std::optional<Client>> ConnectIfRunning(const os::Paths& paths) {
  auto client = Client::Connect(paths);
  if (client) return std::optional<Client>(std::move(*client));
  // No socket file, or one that a dead daemon left.
  if (client.error().code == Code::kNotFound || client.error().code == Code::kUnavailable) {
    return std::optional<Client>();
  }
  return std::unexpected(std::move(client).error());
}

Result<Client> EnsureDaemon(const os::Paths& paths, const StartOptions& options) {
  AILERON_ASSIGN(std::optional<Client> running, ConnectIfRunning(paths));
  if (running) return std::move(*running);

  const Clock::time_point deadline = Clock::now() + options.patience;
  AILERON_TRY(os::MakePrivateFolder(paths.runtime));
  AILERON_TRY(os::MakePrivateFolder(paths.state));
  AILERON_ASSIGN(const os::Fd lock, TakeLock(paths.runtime + "/start.lock", deadline));
  AILERON_ASSIGN(std::optional<Client> other, ConnectIfRunning(paths));
  if (other) return std::move(*other);

  auto starting = Start(paths, options);
  if (!starting) return Wrap(std::move(starting).error(), "cannot start the daemon");
  auto said = AwaitReady(*starting, deadline);
  if (!said) {
    const std::string last = LastLogLine(starting->log.get(), starting->log_begin);
    return Fail(said.error().code, "cannot start the daemon: {}. Its log, {}, {}",
                said.error().message, LogFile(paths),
                last.empty() ? "is empty" : fmt::format("ends with: {}", last));
  }
  if (said->empty()) return Client::Connect(paths);
  if (said->front() == kMisconfiguredByte) {
    return Fail(Code::kInvalid, "cannot start the daemon: {}", std::string_view(*said).substr(1));
  }
  return AwaitOther(paths, deadline, *said);
}

Result<Stopped> StopDaemon(const os::Paths& paths, RunningSessions sessions, Duration patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  AILERON_ASSIGN(std::optional<Client> client, ConnectIfRunning(paths));
  if (!client) return Stopped::kDidNotRun;
  AILERON_ASSIGN(const Ending ending, Ending::Of(*client));
  const std::string_view body =
      sessions == RunningSessions::kEnd ? R"({"end_sessions":true})" : "{}";
  AILERON_TRY(client->Call(
      {.method = "POST", .path = "/v1/daemon/stop", .body = body, .deadline = patience}));
  AILERON_ASSIGN(const bool ended, ending.Await(deadline));
  if (!ended) return ending.TooLong(paths, patience);
  return Stopped::kNow;
}

Result<Drained> DrainDaemon(const os::Paths& paths, const Draining& draining) {
  const Clock::time_point begin = Clock::now();
  AILERON_ASSIGN(std::optional<Client> client, ConnectIfRunning(paths));
  if (!client) return Drained{.stopped = Stopped::kDidNotRun};
  AILERON_ASSIGN(const Ending ending, Ending::Of(*client));
  AILERON_TRY(
      client->Call({.method = "POST", .path = "/v1/daemon/stop", .body = R"({"drain":true})"}));
  const Clock::time_point over = begin + draining.longest.value_or(limits::drain_wait);
  Drained drained;
  while (Clock::now() < over) {
    const auto operations = OperationsIn(client->Call({.path = "/v1/status"}));
    if (operations && draining.progress) draining.progress(*operations);
    AILERON_ASSIGN(const bool ended,
                   ending.Await(std::min(over, Clock::now() + limits::drain_look)));
    if (ended) return drained;
  }
  // It may be ending just now, and say no more.
  drained.interrupted =
      OperationsIn(client->Call({.method = "POST", .path = "/v1/daemon/stop", .body = "{}"}))
          .value_or(0);
  AILERON_ASSIGN(const bool ended, ending.Await(Clock::now() + draining.patience));
  if (!ended) return ending.TooLong(paths, draining.patience);
  return drained;
}

Status CheckVersion(Client& client) {
  AILERON_ASSIGN(const Response response, client.Call({.path = "/v1/status"}));
  const auto status = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) return Fail(Code::kInternal, "the daemon's status cannot be read");
  const auto version = status.find("version");
  const std::string theirs =
      version != status.end() && version->is_string() ? version->get<std::string>() : "unknown";
  if (theirs == AILERON_VERSION) return {};
  return Fail(
      Code::kUnavailable,
      "the daemon that runs is aileron {}, this is {}. Run \"aileron daemon stop\" (running "
      "sessions lose their network until the new one is up), then try again",
      theirs, AILERON_VERSION);
}

}  // namespace aileron::control
