#include "shim/service_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "service/limits.h"
#include "shim/limits.h"

namespace aileron::shim {

using service::Answer;
using service::Done;
using service::State;

struct ServiceServer::Client {
  enum class Waits : std::uint8_t {
    kRequest,
    kEnd,    // of a service that was stopped
    kBegin,  // of one that was started again
    kPorts,  // to be published, or not
    kLog,    // for a log to be sent
    kSent,   // for the last answer to be taken
  };

  Client(net::Loop& loop, std::uint64_t number, os::Fd connection, std::function<void()> late)
      : id(number), socket(std::move(connection)), deadline(loop, std::move(late)) {}

  std::uint64_t id;
  os::Fd socket;
  Waits waits = Waits::kRequest;
  std::string input;
  std::string output;
  std::string name;  // of the service
  std::uint64_t log_position = 0;
  bool follows = false;
  net::Timer deadline;
  std::unique_ptr<Watch> watch;
};

ServiceServer::ServiceServer(net::Loop& loop, os::Fd listener, std::string key, Services& services,
                             Publish publish)
    : loop_(loop),
      listener_(std::move(listener)),
      key_(std::move(key)),
      services_(services),
      publish_(std::move(publish)),
      accept_again_(loop, [this] { Listen(); }) {}

ServiceServer::~ServiceServer() = default;

Result<std::unique_ptr<ServiceServer>> ServiceServer::Make(net::Loop& loop, os::Fd listener,
                                                           std::string key, Services& services,
                                                           Publish publish) {
  std::unique_ptr<ServiceServer> server(
      new ServiceServer(loop, std::move(listener), std::move(key), services, std::move(publish)));
  server->Listen();
  if (server->listener_watch_ == nullptr)
    return Fail(Code::kUnavailable, "init cannot watch the socket for services");
  return server;
}

// Those who are too many wait in the kernel's queue.
void ServiceServer::Listen() {
  if (listener_watch_ != nullptr || clients_.size() >= limits::kClients) return;
  auto watch = Watch::Make(loop_, listener_.get(), [this] { Accept(); });
  if (watch) {
    listener_watch_ = std::move(*watch);
  } else {
    accept_again_.Set(limits::kAcceptAgain);
  }
}

void ServiceServer::Accept() {
  os::Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) {
    Admit(std::move(socket));
  } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
    listener_watch_.reset();  // no descriptors are left: it would be ready all the time
    accept_again_.Set(limits::kAcceptAgain);
  }
  if (clients_.size() >= limits::kClients) listener_watch_.reset();
}

void ServiceServer::Admit(os::Fd socket) {
  const std::uint64_t id = ++last_;
  auto client = std::make_unique<Client>(loop_, id, std::move(socket), [this, id] {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    BeLate(*found->second);
  });
  auto watch = Watch::Make(loop_, client->socket.get(), [this, id] { OnReady(id); });
  if (!watch) return;
  client->watch = std::move(*watch);
  client->deadline.Set(limits::kRequestWait);
  clients_[id] = std::move(client);
}

void ServiceServer::BeLate(Client& client) {
  switch (client.waits) {
    case Client::Waits::kRequest:
    case Client::Waits::kLog:
    case Client::Waits::kSent:
      return Drop(client.id);
    case Client::Waits::kPorts:
      FinishWithReport(client);  // which says that nobody answered
      break;
    case Client::Waits::kEnd:
    case Client::Waits::kBegin:
      Finish(client, Error{Code::kUnavailable, fmt::format("{} does not get ready", client.name)});
      break;
  }
  Turn(client);
}

void ServiceServer::Drop(std::uint64_t id) {
  clients_.erase(id);
  Listen();
}

void ServiceServer::OnReady(std::uint64_t id) {
  Client& client = *clients_.at(id);
  if (!Read(client)) return Drop(id);
  Turn(client);
}

bool ServiceServer::Read(Client& client) {
  char bytes[limits::kReadPiece];
  const ssize_t count = recv(client.socket.get(), bytes, sizeof bytes, 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  // One request is all that a client has to say.
  if (count == 0 || client.waits != Client::Waits::kRequest) return false;
  client.input.append(bytes, static_cast<std::size_t>(count));
  std::string_view rest = client.input;
  const auto message = service::NextMessage(rest);
  if (!message) {
    Finish(client, message.error());
  } else if (*message) {
    Serve(client, **message);
    client.input = {};
  }
  return true;
}

void ServiceServer::Serve(Client& client, std::string_view message) {
  client.deadline.Set(limits::kDoneWait);
  auto request = service::DecodeRequest(message, key_);
  Status begun;
  if (!request) {
    begun = std::unexpected(std::move(request.error()));
  } else {
    begun = Begin(client, std::move(*request));
  }
  if (!begun) Finish(client, begun.error());
}

Status ServiceServer::Begin(Client& client, service::Request request) {
  if (std::holds_alternative<service::ListAll>(request)) {
    Finish(client, Done{services_.Reports()});
  } else if (auto* run = std::get_if<service::RunIt>(&request)) {
    client.name = run->spec.name;
    const std::vector<std::uint16_t> ports = run->spec.ports;
    AILERON_TRY(services_.Run(std::move(run->spec)));
    client.waits = Client::Waits::kPorts;
    for (const std::uint16_t port : ports) publish_(client.name, port);
  } else if (const auto* stop = std::get_if<service::StopIt>(&request)) {
    client.name = stop->name;
    client.waits = Client::Waits::kEnd;
    AILERON_TRY(services_.Stop(client.name));
  } else if (const auto* restart = std::get_if<service::RestartIt>(&request)) {
    client.name = restart->name;
    client.waits = Client::Waits::kBegin;
    AILERON_TRY(services_.Restart(client.name));
  } else if (const auto* show = std::get_if<service::ShowLog>(&request)) {
    const service::LogRing* log = services_.Log(show->name);
    if (log == nullptr) return Fail(Code::kNotFound, "no service is called {}", show->name);
    const auto followers =
        std::ranges::count_if(clients_, [](const auto& one) { return one.second->follows; });
    if (show->follow && static_cast<std::size_t>(followers) >= limits::kFollowers)
      return Fail(Code::kUnavailable, "{} clients follow logs already", limits::kFollowers);
    client.name = show->name;
    client.follows = show->follow;
    client.log_position = show->tail ? log->Tail(*show->tail) : log->begin();
    client.waits = Client::Waits::kLog;
    if (show->follow) client.deadline.Cancel();
  }
  return {};
}

// Goes on with what `client` waits for, as far as it can.
void ServiceServer::Await(Client& client) {
  const auto report = services_.Report(client.name);
  if (client.waits == Client::Waits::kRequest || client.waits == Client::Waits::kSent) return;
  if (!report)
    return Finish(client, Error{Code::kNotFound, fmt::format("{} has gone", client.name)});
  switch (client.waits) {
    case Client::Waits::kEnd:
      if (report->state >= State::kStopped) FinishWithReport(client);
      break;
    case Client::Waits::kBegin:
      if (report->state == State::kRunning) return FinishWithReport(client);
      if (report->state == State::kFailed)
        Finish(client, Error{Code::kUnavailable,
                             fmt::format("{} cannot be started again. \"aileron service logs {}\" "
                                         "says why",
                                         client.name, client.name)});
      break;
    case Client::Waits::kPorts:
      if (std::ranges::all_of(report->ports, [](const service::Port& port) {
            return !port.address.empty() || !port.refusal.empty();
          }))
        FinishWithReport(client);
      break;
    case Client::Waits::kLog:
      PullLog(client);
      break;
    case Client::Waits::kRequest:
    case Client::Waits::kSent:
      break;
  }
}

void ServiceServer::PullLog(Client& client) {
  const service::LogRing& log = *services_.Log(client.name);
  for (int left = limits::kPiecesAtOnce; left > 0 && client.output.empty(); --left) {
    const std::string_view piece = log.Read(client.log_position, service::limits::kLogPiece);
    if (piece.empty()) {
      if (!client.follows) Finish(client, Done{});
      return;
    }
    client.output += service::Encode(service::LogPiece{std::string(piece)});
    if (!Write(client)) return;
  }
}

void ServiceServer::FinishWithReport(Client& client) {
  const auto report = services_.Report(client.name);
  Finish(client, Done{report ? std::vector{*report} : std::vector<service::Report>()});
}

void ServiceServer::Finish(Client& client, const Answer& answer) {
  client.output += service::Encode(answer);
  client.waits = Client::Waits::kSent;
  client.follows = false;
  client.deadline.Set(limits::kDoneWait);
}

// False when all that can be sent now has been, or the peer is broken.
bool ServiceServer::Write(Client& client) {
  while (!client.output.empty()) {
    const ssize_t count =
        send(client.socket.get(), client.output.data(), client.output.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;  // a broken peer is found by the next read
    client.output.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

// Does for a client what can be done, and waits for what comes next. May drop it.
void ServiceServer::Turn(Client& client) {
  const bool written = Write(client);
  if (written) Await(client);
  const bool empty = Write(client);
  if (empty && client.waits == Client::Waits::kSent) return Drop(client.id);
  // A log that has more to give goes on as soon as the others had their turn.
  const bool more = client.waits == Client::Waits::kLog && services_.Log(client.name) != nullptr &&
                    client.log_position < services_.Log(client.name)->end();
  const bool watched =
      client.watch->For(!empty || more ? Watch::Trigger::kLevelBoth : Watch::Trigger::kLevelRead)
          .has_value();
  if (!watched) Drop(client.id);
}

void ServiceServer::Look() {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, client] : clients_) ids.push_back(id);
  for (const std::uint64_t id : ids) {
    const auto found = clients_.find(id);
    if (found != clients_.end()) Turn(*found->second);
  }
}

}  // namespace aileron::shim
