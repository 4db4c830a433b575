// Tested by tests/faults/test_kill.py.

#include "launch/session_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "control/start.h"
#include "os/socket.h"

namespace aileron::launch {

using nlohmann::json;

namespace {

constexpr std::size_t kWordMax = 64u << 10;
constexpr std::size_t kToolsMax = 8u << 20;   // the list of them
constexpr std::size_t kResumeMax = 1u << 20;  // the text by which a session is resumed
// What does not fit into a message is taken away by the next launch in the same workspace.
constexpr std::size_t kReservedMax = 24u << 10;
// Ports of bindings, besides those that the plan names.
constexpr std::size_t kMoreListenersMax = 64;

// Text of the command line may be any bytes; JSON may not.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The daemon's "listeners" for connections without a proxy protocol.
std::vector<sandbox::Listener> CapturedIn(const json& answer) {
  std::vector<sandbox::Listener> captured;
  const auto list = answer.find("listeners");
  if (list == answer.end() || !list->is_array()) return captured;
  for (const json& one : *list) {
    const auto port = one.is_object() ? one.find("port") : one.end();
    if (!one.is_object() || Text(one, "kind") != "captured" || port == one.end()) continue;
    const std::int64_t number = port->is_number_integer() ? port->get<std::int64_t>() : 0;
    if (number < 1 || number > 65535) continue;
    captured.push_back({sandbox::ListenerKind::kCaptured, static_cast<std::uint16_t>(number)});
  }
  return captured;
}

std::map<std::string, SessionFacts::Tool> ToolsIn(const json& list) {
  std::map<std::string, SessionFacts::Tool> tools;
  if (!list.is_array()) return tools;
  for (const json& tool : list) {
    if (!tool.is_object()) continue;
    tools[Text(tool, "name")] = {.summary = Text(tool, "summary"),
                                 .connector = Text(tool, "connector"),
                                 .overrides = tool.value("override", json()) == true};
  }
  return tools;
}

std::optional<std::uint64_t> Number(const json& object, const char* name, std::uint64_t most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto number = found->get<std::uint64_t>();
  return number <= most ? std::optional(number) : std::nullopt;
}

std::optional<SessionLink::Wish> WishIn(const json& word) {
  using Kind = SessionLink::Wish::Kind;
  const auto number = Number(word, "number", std::numeric_limits<std::uint64_t>::max());
  const auto port = Number(word, "port", 65535);
  if (!number || !port || *port == 0) return std::nullopt;
  SessionLink::Wish wish{.kind = Kind::kUnpublish, .number = *number, .mapping = {}};
  wish.mapping.port = static_cast<std::uint16_t>(*port);
  if (Text(word, "type") == "unpublish") return wish;
  wish.kind = Kind::kPublish;
  const auto host = policy::Address::Parse(Text(word, "host"));
  const auto host_port = Number(word, "host_port", 65535);
  if (!host || !host_port) return std::nullopt;
  wish.mapping.outside = {.host = *host, .port = static_cast<std::uint16_t>(*host_port)};
  return wish;
}

}  // namespace

Result<SessionLink> SessionLink::Ask(const os::Paths& paths, const Plan& plan,
                                     const Options& options,
                                     const std::vector<std::string>& project_policies) {
  SessionLink link(paths, plan);
  json request = {
      {"command", plan.command},
      {"workspace", plan.spec.workspace},
      {"driver", plan.driver},
      {"tier", plan.tier},
      {"image", plan.image},
      {"pid", getpid()},
      {"network",
       {{"allow", options.allow},
        {"deny", options.deny},
        {"ask", options.ask},
        {"upstream_proxy", options.upstream_proxy},
        {"upstream_proxy_credential", options.upstream_proxy_credential},
        {"no_proxy", options.no_proxy},
        {"timeouts", options.timeouts},
        {"opaque", options.opaque},
        {"hold_s", options.hold.count()},
        {"unattended", options.unattended},
        {"learn", options.learn}}},
      {"commands",
       {{"allow", options.commands.allow},
        {"ask", options.commands.ask},
        {"deny", options.commands.deny},
        {"record", options.commands.record},
        {"default", options.commands.otherwise}}},
      {"upstream_ca", options.upstream_ca},
      {"connect_to", options.connect_to},
      {"tell_waiting", options.status_line},
  };
  if (!options.profile.empty()) request["network"]["profile"] = options.profile;
  if (!project_policies.empty()) request["project_policies"] = project_policies;
  link.request_ = Dump(request);
  if (!options.upstream_proxy_password.empty()) {
    // By a pipe: JSON passes through memory that nobody wipes.
    AILERON_ASSIGN(link.password_, os::PipeHolding(options.upstream_proxy_password.Reveal()));
  }
  AILERON_TRY(link.Post(link.request_));
  return link;
}

Status SessionLink::Await(Leftovers leftovers) {
  leftovers_ = std::move(leftovers);
  std::size_t bytes = 0;
  std::erase_if(leftovers_.reserved,
                [&](const std::string& path) { return (bytes += path.size() + 4) > kReservedMax; });
  AILERON_TRY(TakeAnswer());
  FindMoreListeners();
  return {};
}

Status SessionLink::Post(const std::string& body) {
  AILERON_ASSIGN(client_, control::EnsureDaemon(paths_));
  AILERON_ASSIGN(auto ends, os::SocketPair(SOCK_SEQPACKET));
  std::vector<int> theirs = {ends.second.get()};
  if (password_) theirs.push_back(password_.get());
  control::Request request;
  request.method = "POST";
  request.path = "/v1/sessions";
  request.body = body;
  request.descriptors = theirs;
  AILERON_TRY(client_->Ask(request));
  channel_ = std::move(ends.first);
  return {};
}

Status SessionLink::TakeAnswer() {
  const auto response = client_->Answer();
  client_.reset();
  if (!response) {
    channel_.Reset();
    return std::unexpected(response.error());
  }
  password_.Reset();  // from now on the resume text has it, sealed
  const json answer = json::parse(response->body, nullptr, false);
  if (!answer.is_object()) return Fail(Code::kInternal, "the daemon's answer is not understood");
  facts_.id = Text(answer, "id");
  facts_.token = Text(answer, "token");
  ca_pem_ = Text(answer, "ca_pem");
  resume_ = Text(answer, "resume");
  mediated_ = Text(answer, "commands") == "mediated";
  if (const auto variables = answer.find("env");
      variables != answer.end() && variables->is_object()) {
    for (const auto& [name, value] : variables->items()) {
      if (value.is_string()) facts_.sentinels[name] = value.get<std::string>();
    }
  }
  asked_for_ = CapturedIn(answer);
  if (const auto files = answer.find("files"); files != answer.end() && files->is_array()) {
    for (const json& file : *files) {
      if (file.is_object()) facts_.files[Text(file, "path")] = Text(file, "content");
    }
  }
  facts_.tools = ToolsIn(answer.value("tools", json()));
  if (const auto hosts = answer.find("look_alikes"); hosts != answer.end() && hosts->is_array()) {
    facts_.look_alikes.clear();
    for (const json& host : *hosts) {
      if (host.is_string()) facts_.look_alikes.push_back(host.get<std::string>());
    }
  }
  if (facts_.id.empty() || ca_pem_.empty()) {
    return Fail(Code::kInternal, "the daemon's answer lacks the session's id or its CA");
  }
  return {};
}

// Of the first answer alone: a sandbox that runs cannot open more.
void SessionLink::FindMoreListeners() {
  for (const sandbox::Listener& wanted : asked_for_) {
    const bool known = std::ranges::any_of(
        listeners_, [&](const sandbox::Listener& one) { return one.port == wanted.port; });
    if (known || more_listeners_.size() >= kMoreListenersMax) continue;
    more_listeners_.push_back(wanted);
    listeners_.push_back(wanted);
  }
}

Status SessionLink::SendListeners() {
  if (sockets_.size() < listeners_.size()) return {};  // the others are on their way

  json message = {{"type", "listeners"},
                  {"listeners", json::array()},
                  {"cgroups", leftovers_.cgroups},
                  {"reserved", leftovers_.reserved}};
  std::vector<int> numbers;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    message["listeners"].push_back(
        {{"kind", sandbox::ListenerKindName(listeners_[i].kind)}, {"port", listeners_[i].port}});
    numbers.push_back(sockets_[i].get());
  }
  return os::SendMessage(channel_.get(), Dump(message), numbers);
}

Status SessionLink::HandOver(std::vector<os::Fd> listeners) {
  std::ranges::move(listeners, std::back_inserter(sockets_));
  if (sockets_.size() > listeners_.size()) {
    return Fail(Code::kInternal, "the sandbox opened {} listeners of {}", sockets_.size(),
                listeners_.size());
  }
  return SendListeners();
}

Status SessionLink::HandOverCommands(os::Fd listener, const os::Child& init) {
  if (commands_.listener) return Fail(Code::kInternal, "the sandbox's commands came twice");
  AILERON_ASSIGN(commands_.page, os::MakeNotificationPage());
  AILERON_ASSIGN(commands_.init, init.pidfd.Duplicate());
  commands_.listener = std::move(listener);
  return SendCommands();
}

Status SessionLink::SendCommands() {
  if (!commands_.listener) return {};
  const int numbers[] = {commands_.listener.get(), commands_.page.get(), commands_.init.get()};
  return os::SendMessage(channel_.get(),
                         Dump({{"type", "commands"}, {"trust", trust_names_ ? "names" : "files"}}),
                         numbers);
}

Status SessionLink::Reopen() {
  channel_.Reset();
  json request = json::parse(request_);
  request["resume"] = resume_;
  AILERON_TRY(Post(Dump(request)));
  AILERON_TRY(TakeAnswer());
  AILERON_TRY(SendListeners());
  return SendCommands();
}

Status SessionLink::Finish(int exit_code, const std::vector<os::Fd>& removed) {
  if (client_) AILERON_TRY(TakeAnswer());
  if (!channel_) return {};
  std::vector<int> numbers;
  for (const os::Fd& one : removed) numbers.push_back(one.get());
  numbers.resize(std::min(numbers.size(), os::kDescriptorsMax));
  return os::SendMessage(channel_.get(), Dump({{"type", "exit"}, {"code", exit_code}}), numbers);
}

SessionLink::Word SessionLink::Listen() {
  auto packet = os::ReceiveMessage(channel_.get(), kWordMax);
  if (!packet || packet->end) {
    if (!packet && packet.error().code == Code::kUnavailable) return {};
    channel_.Reset();
    return {.kind = Word::Kind::kGone};
  }
  const json word = json::parse(packet->bytes, nullptr, false);
  if (!word.is_object()) return {};
  const std::string type = Text(word, "type");
  if (type == "stop") return {.kind = Word::Kind::kStop, .text = Text(word, "reason")};
  if (type == "policy" && packet->descriptors.size() == 1) {
    auto resume = os::ReadAll(packet->descriptors.front(), "the session", kResumeMax);
    if (resume) resume_ = *std::move(resume);
    return {.kind = Word::Kind::kPolicy, .text = Text(word, "message")};
  }
  if (type == "publish" || type == "unpublish") {
    const auto wish = WishIn(word);
    if (!wish) return {};
    return {.kind = Word::Kind::kWish, .wish = *wish};
  }
  if (type == "denied" && word.contains("denied")) {
    return {.kind = Word::Kind::kDenied, .text = Dump(word["denied"])};
  }
  if (type == "waiting") {
    const auto count = word.find("count");
    const bool number = count != word.end() && count->is_number_unsigned();
    return {.kind = Word::Kind::kWaiting,
            .text = Text(word, "title"),
            .count = number ? count->get<std::size_t>() : 0};
  }
  if (type != "tools" || packet->descriptors.size() != 1) return {};
  const auto list = os::ReadAll(packet->descriptors.front(), "the list of tools", kToolsMax);
  if (!list) return {};
  facts_.tools = ToolsIn(json::parse(*list, nullptr, false));
  return {.kind = Word::Kind::kTools};
}

void SessionLink::HearRest(std::chrono::milliseconds longest,
                           const std::function<void(const Word&)>& hear) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  while (channel_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{channel_.get(), POLLIN, 0};
    const int count = poll(&ready, 1, std::max(0, static_cast<int>(left.count())));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    hear(Listen());
  }
}

Status SessionLink::TellServices(const std::vector<service::Report>& reports,
                                 const std::vector<Publication>& published) {
  json message = {{"type", "services"}, {"services", json::array()}, {"published", json::array()}};
  for (const service::Report& report : reports) {
    json one = {{"name", report.name},
                {"state", NameOf(report.state)},
                {"health", NameOf(report.condition)},
                {"restarts", report.restarts},
                {"ports", json::array()}};
    if (report.exit_code) one["exit_code"] = *report.exit_code;
    for (const service::Port& port : report.ports) one["ports"].push_back(port.number);
    message["services"].push_back(std::move(one));
  }
  for (const Publication& one : published) {
    message["published"].push_back({{"port", one.mapping.port},
                                    {"address", one.mapping.outside.ToString()},
                                    {"by", NameOf(one.by)}});
  }
  // A daemon that does not listen now is told later: terminals must not wait for it.
  pollfd room{channel_.get(), POLLOUT, 0};
  if (poll(&room, 1, 0) != 1) return Fail(Code::kUnavailable, "the daemon does not listen");
  return os::SendMessage(channel_.get(), Dump(message));
}

Status SessionLink::AnswerWish(const Wish& wish, const Result<std::string>& address) {
  json message = {{"type", "answer"}, {"number", wish.number}};
  if (address) {
    message["address"] = *address;
  } else {
    message["code"] = CodeName(address.error().code);
    message["error"] = address.error().message;
  }
  return os::SendMessage(channel_.get(), Dump(message));
}

}  // namespace aileron::launch
