#include "daemon/session_channel.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "daemon/limits.h"
#include "daemon/request.h"
#include "os/socket.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Result<int> SocketOption(const os::Fd& socket, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(socket.get(), SOL_SOCKET, option, &value, &size) != 0) {
    return os::FailErrno("cannot look at a socket");
  }
  return value;
}

// A listening TCP socket, or for DNS a UDP one: a client must not make the worker accept() on
// anything else, such as a control socket.
Status CheckSocket(const os::Fd& socket, proxy::ListenerKind kind) {
  AILERON_ASSIGN(const int domain, SocketOption(socket, SO_DOMAIN));
  AILERON_ASSIGN(const int type, SocketOption(socket, SO_TYPE));
  AILERON_ASSIGN(const int listening, SocketOption(socket, SO_ACCEPTCONN));
  if (domain != AF_INET && domain != AF_INET6) {
    return Fail(Code::kInvalid, "a listener is not a socket of the internet");
  }
  const bool udp = type == SOCK_DGRAM && kind == proxy::ListenerKind::kDns;
  if (!udp && (type != SOCK_STREAM || listening == 0)) {
    return Fail(Code::kInvalid, "a listener does not listen");
  }
  return {};
}

std::optional<proxy::ListenerKind> KindOf(std::string_view name) {
  if (name == "proxy") return proxy::ListenerKind::kProxy;
  if (name == "captured") return proxy::ListenerKind::kCaptured;
  if (name == "dns") return proxy::ListenerKind::kDns;
  if (name == "api") return proxy::ListenerKind::kApi;
  return std::nullopt;
}

std::string TextIn(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> TextsIn(const json& object, const char* name, std::size_t most) {
  std::vector<std::string> texts;
  const auto list = object.find(name);
  if (list == object.end() || !list->is_array()) return texts;
  for (const json& text : *list) {
    if (text.is_string() && texts.size() < most) texts.push_back(text.get<std::string>());
  }
  return texts;
}

// A whole number in range, or nothing.
std::optional<int> NumberOf(const json& object, const char* name, int least, int most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  const auto value = found->get<std::int64_t>();
  if (value < least || value > most) return std::nullopt;
  return static_cast<int>(value);
}

}  // namespace

Result<SessionListeners> ParseListeners(std::string_view message, std::vector<os::Fd> sockets) {
  const json object = json::parse(message, nullptr, false);
  const auto list = object.is_object() ? object.find("listeners") : object.end();
  if (!object.is_object() || list == object.end() || !list->is_array()) {
    return Fail(Code::kInvalid, "the message has no listeners");
  }
  if (list->size() != sockets.size() || list->size() > limits::kListeners) {
    return Fail(Code::kInvalid, "{} listeners came with {} sockets", list->size(), sockets.size());
  }
  SessionListeners result;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json& entry = (*list)[i];
    const auto kind = entry.is_object() ? KindOf(TextIn(entry, "kind")) : std::nullopt;
    const auto port = entry.is_object() ? NumberOf(entry, "port", 1, 65535) : std::nullopt;
    if (!kind || !port) return Fail(Code::kInvalid, "listener {} has no kind or port", i);
    AILERON_TRY(CheckSocket(sockets[i], *kind));
    result.listeners.push_back({*kind, static_cast<std::uint16_t>(*port)});
  }
  result.sockets = std::move(sockets);
  result.cgroups = TextsIn(object, "cgroups", limits::kCgroups);
  result.reserved = TextsIn(object, "reserved", limits::kReserved);
  return result;
}

Result<std::unique_ptr<SessionChannel>> SessionChannel::Make(net::Loop& loop, os::Fd socket,
                                                             Events events) {
  AILERON_ASSIGN(const int domain, SocketOption(socket, SO_DOMAIN));
  AILERON_ASSIGN(const int type, SocketOption(socket, SO_TYPE));
  if (domain != AF_UNIX || type != SOCK_SEQPACKET) {
    return Fail(Code::kInvalid, "the session channel is not a SOCK_SEQPACKET unix socket");
  }
  const int flags = fcntl(socket.get(), F_GETFL);
  if (flags < 0 || fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return os::FailErrno("cannot use the session channel");
  }
  std::unique_ptr<SessionChannel> channel(
      new SessionChannel(loop, std::move(socket), std::move(events)));
  AILERON_TRY(loop.Watch(channel->socket_.get(), *channel, net::Loop::Trigger::kLevelRead));
  return channel;
}

SessionChannel::~SessionChannel() {
  Flush();
  if (watched_) loop_.Forget(socket_.get(), *this);
}

void SessionChannel::SendStop(std::string_view reason) {
  Enqueue(JsonText({{"type", "stop"}, {"reason", reason}}));
}

void SessionChannel::SendTools(std::string_view list) {
  auto file = os::MemoryFileHolding(list);
  if (!file) return LogWarning("cannot tell a sandbox its tools: {}", file.error().message);
  tools_ = Word{R"({"type":"tools"})", std::move(*file)};
  Flush();
}

void SessionChannel::SendDenied(std::string word) { Enqueue(std::move(word)); }

void SessionChannel::SendWaiting(std::size_t count, std::string_view title) {
  waiting_ = Word{JsonText({{"type", "waiting"}, {"count", count}, {"title", title}}), {}};
  Flush();
}

void SessionChannel::SendPolicy(std::string_view message, std::string_view resume) {
  auto file = os::MemoryFileHolding(resume);
  if (!file) return LogWarning("cannot tell a launcher its policy: {}", file.error().message);
  policy_ = Word{JsonText({{"type", "policy"}, {"message", message}}), std::move(*file)};
  Flush();
}

// It takes no place in the queue: whoever wants it is told that it was in vain, and may want it
// again, while a late one would be a surprise.
Status SessionChannel::Send(const std::string& word, const os::Fd& descriptor) {
  if (over_ || HasWords()) return Fail(Code::kUnavailable, "the launcher does not listen");
  const int number = descriptor.get();
  return os::SendMessage(socket_.get(), word, {&number, descriptor ? std::size_t{1} : 0});
}

void SessionChannel::Enqueue(std::string word) {
  if (words_.size() >= limits::kChannelWords) return;
  words_.push_back({std::move(word), {}});
  Flush();
}

bool SessionChannel::HasWords() const { return !words_.empty() || tools_ || waiting_ || policy_; }

// False when the socket is full. What is sent to a launcher that is gone is lost, which a read
// tells.
bool SessionChannel::Sent(const Word& word) {
  const int number = word.file.get();
  const Status sent =
      os::SendMessage(socket_.get(), word.bytes,
                      word.file ? std::span<const int>(&number, 1) : std::span<const int>());
  return sent || sent.error().code != Code::kUnavailable;
}

void SessionChannel::Flush() {
  while (!words_.empty() && Sent(words_.front())) words_.pop_front();
  if (words_.empty() && tools_ && Sent(*tools_)) tools_.reset();
  if (words_.empty() && waiting_ && Sent(*waiting_)) waiting_.reset();
  if (words_.empty() && policy_ && Sent(*policy_)) policy_.reset();
  Watch();
}

void SessionChannel::DropWords() {
  words_.clear();
  tools_.reset();
  waiting_.reset();
  policy_.reset();
}

// For what is still wanted of the socket.
void SessionChannel::Watch() {
  if (!watched_) return;
  const bool left = HasWords();
  if (over_ && !left) {
    watched_ = false;
    return loop_.Forget(socket_.get(), *this);
  }
  using Trigger = net::Loop::Trigger;
  const Trigger trigger = over_  ? Trigger::kLevelWrite
                          : left ? Trigger::kLevelBoth
                                 : Trigger::kLevelRead;
  if (trigger == trigger_) return;
  trigger_ = trigger;
  (void)loop_.Change(socket_.get(), *this, trigger);
}

void SessionChannel::EndReading() {
  over_ = true;
  Watch();
}

void SessionChannel::OnReady(net::Readiness ready) {
  if (ready.writable) Flush();
  if (over_) {
    if (!ready.hangup) return;
    DropWords();
    return Watch();
  }
  if (!ready.readable && !ready.hangup) return;
  auto message = os::ReceiveMessage(socket_.get(), limits::kChannelMessage);
  if (!message) {
    if (message.error().code == Code::kUnavailable && errno == EAGAIN) return;
    return Lose(message.error().message);
  }
  if (message->end) return Lose("the launcher has gone");
  if (auto taken = Take(message->bytes, std::move(message->descriptors)); !taken) {
    Lose(fmt::format("the launcher sent what is not understood: {}", taken.error().message));
  }
}

Status SessionChannel::Take(std::string_view bytes, std::vector<os::Fd> descriptors) {
  const json object = json::parse(bytes, nullptr, false);
  if (!object.is_object()) return Fail(Code::kInvalid, "not a JSON object");
  const std::string type = TextIn(object, "type");
  if (type == "listeners") {
    AILERON_ASSIGN(SessionListeners listeners, ParseListeners(bytes, std::move(descriptors)));
    return events_.on_listeners(std::move(listeners));
  }
  if (type == "commands" && events_.on_commands) {
    const bool names = TextIn(object, "trust") == "names";
    return events_.on_commands(std::move(descriptors),
                               names ? mediation::Trust::kNames : mediation::Trust::kFiles);
  }
  if (type == "services" && events_.on_services) return events_.on_services(object);
  if (type == "answer" && events_.on_answer) return events_.on_answer(object);
  if (type == "exec_ended" && events_.on_exec_ended) return events_.on_exec_ended(object);
  if (type != "exit") return Fail(Code::kInvalid, "an unknown type of message");
  const auto code = NumberOf(object, "code", 0, 255);
  if (!code) return Fail(Code::kInvalid, "an exit without a code");
  EndReading();
  auto to_close = std::make_shared<std::vector<os::Fd>>(std::move(descriptors));
  loop_.Post([tell = std::move(events_.on_exit), code = *code, to_close = std::move(to_close)] {
    tell(code, std::move(*to_close));
  });
  return {};
}

void SessionChannel::Lose(std::string why) {
  if (over_) return;
  DropWords();
  EndReading();
  // Posted: whom it tells will destroy this object.
  loop_.Post([tell = std::move(events_.on_lost), why = std::move(why)] { tell(why); });
}

}  // namespace aileron::daemon
