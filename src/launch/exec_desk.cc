#include "launch/exec_desk.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "launch/limits.h"
#include "os/socket.h"

namespace aileron::launch {

using nlohmann::json;

namespace {

constexpr int kStreams = 3;
constexpr std::size_t kReadyAtOnce = 32;

bool IsPipe(const os::Fd& stream, int mode) {
  struct stat info;
  const int flags = fcntl(stream.get(), F_GETFL);
  return fstat(stream.get(), &info) == 0 && S_ISFIFO(info.st_mode) && flags >= 0 &&
         (flags & O_ACCMODE) == mode;
}

// The end that a person's program reads and writes.
bool IsMaster(const os::Fd& stream) {
  unsigned number = 0;
  return ioctl(stream.get(), TIOCGPTN, &number) == 0;
}

Status CheckClient(const os::Fd& socket) {
  int domain = 0, type = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX ||
      getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return Fail(Code::kInvalid, "the client's descriptor is not a SOCK_SEQPACKET unix socket");
  const int flags = fcntl(socket.get(), F_GETFL);
  if (flags < 0 || fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return os::FailErrno("cannot use the client's socket");
  return {};
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Status CheckStreams(const std::vector<os::Fd>& streams, unsigned terminals, bool input) {
  std::size_t next = 0;
  const auto wrong = [] {
    return Fail(Code::kDenied, "the sandbox sent something else than a command's streams");
  };
  for (int stream = 0; stream < kStreams; ++stream) {
    if ((terminals >> stream & 1) != 0 || (stream == STDIN_FILENO && !input)) continue;
    const int mode = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (next >= streams.size() || !IsPipe(streams[next++], mode)) return wrong();
  }
  if (terminals != 0 && (next >= streams.size() || !IsMaster(streams[next++]))) return wrong();
  return next == streams.size() ? Status() : wrong();
}

Result<ExecDesk> ExecDesk::Make() {
  AILERON_ASSIGN(os::Poller poller, os::Poller::Make());
  return ExecDesk(std::move(poller));
}

void ExecDesk::Begin(int channel, SessionLink& session) {
  channel_ = channel;
  session_ = &session;
}

Result<std::string> ExecDesk::Take(SessionLink::Exec& exec) {
  if (!runs_ || clients_.size() + left_.size() >= limits::kExecs)
    return Fail(Code::kUnavailable, "{} commands run in it already", limits::kExecs);
  AILERON_TRY(CheckClient(exec.client));
  const std::uint32_t id = ++last_;
  AILERON_TRY(poller_.Add(exec.client.get(), id, os::Poller::Trigger::kLevelRead));
  sandbox::Exec wanted{.id = id,
                       .command = std::move(exec.command),
                       .environment = std::move(exec.environment),
                       .workdir = std::move(exec.workdir),
                       .terminals = exec.terminals,
                       .input = exec.input,
                       .size = exec.size};
  if (auto sent = sandbox::Send(channel_, wanted); !sent) {
    poller_.Remove(exec.client.get());
    return std::unexpected(std::move(sent.error()));
  }
  clients_[id] = {.socket = std::move(exec.client),
                  .line = std::move(exec.line),
                  .terminals = exec.terminals,
                  .input = exec.input};
  return std::string();
}

void ExecDesk::HearDaemon(SessionLink::Exec exec) {
  if (!runs_ && early_.size() < limits::kExecs)
    return early_.push_back({.exec = std::move(exec), .since = Uptime()});
  const SessionLink::Wish wish{.number = exec.number};
  (void)session_->AnswerWish(wish, Take(exec));
}

// Who has waited for longer has been told by the daemon that it was in vain.
void ExecDesk::AgentRuns() {
  runs_ = true;
  for (Early& one : std::exchange(early_, {})) {
    if (Uptime() - one.since < limits::kExecEarly) HearDaemon(std::move(one.exec));
  }
}

bool ExecDesk::HearSandbox(sandbox::Received& received) {
  if (const auto* begun = std::get_if<sandbox::ExecBegun>(&received.message)) {
    Begun(begun->id, std::move(received.descriptors));
  } else if (const auto* ended = std::get_if<sandbox::ExecEnded>(&received.message)) {
    End(ended->id, ended->code, ended->error);
  } else {
    return false;
  }
  return true;
}

void ExecDesk::Begun(std::uint32_t id, std::vector<os::Fd> streams) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  const Client& client = found->second;
  Status done = CheckStreams(streams, client.terminals, client.input);
  std::vector<int> numbers;
  for (const os::Fd& stream : streams) numbers.push_back(stream.get());
  if (done) done = os::SendMessage(client.socket.get(), Dump({{"type", "begun"}}), numbers);
  if (!done) Leave(id);
}

void ExecDesk::End(std::uint32_t id, int code, const std::string& error) {
  if (const auto found = clients_.find(id); found != clients_.end()) {
    json packet = {{"type", "ended"}, {"code", code}};
    if (!error.empty()) packet["error"] = error.substr(0, limits::kExecPacket / 8);
    (void)os::SendMessage(found->second.socket.get(), Dump(packet));
    untold_.push_back({std::move(found->second.line), code});
    poller_.Remove(found->second.socket.get());
    clients_.erase(found);
  } else if (const auto late = left_.find(id); late != left_.end()) {
    untold_.push_back({std::move(late->second), code});
    left_.erase(late);
  }
  Tell();
}

void ExecDesk::Leave(std::uint32_t id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  left_[id] = std::move(found->second.line);
  poller_.Remove(found->second.socket.get());
  clients_.erase(found);
  (void)sandbox::Send(channel_, sandbox::ExecGone{id});
}

// What the daemon does not take now it is told with the next end, or when there is a new one.
void ExecDesk::Tell() {
  while (!untold_.empty()) {
    const Ended& ended = untold_.front();
    if (!session_->TellExecEnded(ended.line, ended.code)) break;
    untold_.erase(untold_.begin());
  }
  if (untold_.size() > limits::kExecsUntold) untold_.erase(untold_.begin());
}

void ExecDesk::HearClient(std::uint32_t id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  auto packet = os::ReceiveMessage(found->second.socket.get(), limits::kExecPacket);
  if (!packet && packet.error().code == Code::kUnavailable) return;
  if (!packet || packet->end) return Leave(id);
  const json word = json::parse(packet->bytes, nullptr, false);
  const auto number = word.is_object() ? word.find("number") : word.end();
  if (!word.is_object() || number == word.end() || !number->is_number_integer()) return Leave(id);
  const auto signal = number->get<std::int64_t>();
  if (signal < 1 || signal > limits::kSignalMax) return Leave(id);
  (void)sandbox::Send(channel_, sandbox::ExecSignal{id, static_cast<int>(signal)});
}

void ExecDesk::Turn() {
  std::array<std::uint64_t, kReadyAtOnce> room;
  for (const std::uint64_t tag : poller_.Ready(room)) HearClient(static_cast<std::uint32_t>(tag));
}

}  // namespace aileron::launch
