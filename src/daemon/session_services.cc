#include "daemon/session_services.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/limits.h"
#include "daemon/members.h"
#include "service/limits.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Result<std::uint16_t> PortIn(const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > 0 && number <= 65535) return static_cast<std::uint16_t>(number);
  }
  return Fail(Code::kInvalid, "a port is none");
}

// The object's member, or null.
const json& MemberOf(const json& object, const char* name) {
  static const json kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

Result<service::Report> ReportIn(const json& object) {
  if (!object.is_object()) return Fail(Code::kInvalid, "a service is no object");
  Members members(object, "services.");
  service::Report report;
  std::string state;
  std::string health;
  std::int64_t restarts = 0;
  std::int64_t exit_code = -1;
  AILERON_TRY(members.Text("name", report.name, service::limits::kNameMax));
  AILERON_TRY(members.Text("state", state, 16));
  AILERON_TRY(members.Text("health", health, 16));
  AILERON_TRY(members.Number("restarts", restarts));
  AILERON_TRY(members.Number("exit_code", exit_code));
  const json* ports = members.Take("ports");
  AILERON_TRY(members.Done());
  AILERON_TRY(service::CheckName(report.name));
  const auto known_state = service::ParseState(state);
  const auto condition = service::ParseCondition(health);
  if (!known_state || !condition || restarts < 0 || restarts > UINT32_MAX || exit_code < -1 ||
      exit_code > 255 || ports == nullptr || !ports->is_array() ||
      ports->size() > service::limits::kPorts)
    return Fail(Code::kInvalid, "a service is not described as it should be");
  report.state = *known_state;
  report.condition = *condition;
  report.restarts = static_cast<std::uint32_t>(restarts);
  if (exit_code >= 0) report.exit_code = static_cast<std::uint8_t>(exit_code);
  for (const json& port : *ports) {
    AILERON_ASSIGN(const std::uint16_t number, PortIn(port));
    report.ports.push_back({.number = number, .address = {}, .refusal = {}});
  }
  return report;
}

Result<PublishedPort> PublishedIn(const json& object) {
  if (!object.is_object()) return Fail(Code::kInvalid, "a published port is no object");
  Members members(object, "published.");
  PublishedPort one;
  AILERON_TRY(members.Text("address", one.address, 64));
  AILERON_TRY(members.Text("by", one.by, 16));
  const json* port = members.Take("port");
  AILERON_TRY(members.Done());
  AILERON_ASSIGN(one.port, PortIn(port == nullptr ? json() : *port));
  const auto place = service::ParsePlace(one.address);
  if (!place || place->port == 0 || place->ToString() != one.address)
    return Fail(Code::kInvalid, "an address is none");
  if (one.by != "launch" && one.by != "agent" && one.by != "person")
    return Fail(Code::kInvalid, "nobody published a port");
  return one;
}

bool IsIn(const std::vector<PublishedPort>& all, const PublishedPort& one) {
  return std::ranges::find(all, one) != all.end();
}

std::string Told(const PublishedPort& one) {
  return fmt::format("{} leads to port {} of the sandbox, by {}", one.address, one.port, one.by);
}

Error ErrorIn(const json& message) {
  Error error{.code = Code::kInternal, .message = "the launcher could not do it"};
  const json& text = MemberOf(message, "error");
  if (text.is_string())
    error.message = Printable(text.get<std::string>().substr(0, service::limits::kTextMax));
  for (const Code code : {Code::kInvalid, Code::kDenied, Code::kNotFound, Code::kUnavailable}) {
    if (MemberOf(message, "code") == json(CodeName(code))) error.code = code;
  }
  return error;
}

}  // namespace

Result<ServiceTable> ParseServices(const json& message) {
  const json& services = MemberOf(message, "services");
  const json& published = MemberOf(message, "published");
  if (!services.is_array() || services.size() > service::limits::kServices ||
      !published.is_array() || published.size() > limits::kPublished)
    return Fail(Code::kInvalid, "the message has no services, or too many");
  ServiceTable table;
  for (const json& one : services) {
    AILERON_ASSIGN(service::Report report, ReportIn(one));
    table.services.push_back(std::move(report));
  }
  for (const json& one : published) {
    AILERON_ASSIGN(PublishedPort port, PublishedIn(one));
    table.published.push_back(std::move(port));
  }
  return table;
}

struct SessionServices::Waiting {
  Waiting(net::Loop& loop, OnDone tell, std::function<void()> late)
      : done(std::move(tell)), deadline(loop, std::move(late)) {}
  OnDone done;
  net::Timer deadline;
};

SessionServices::SessionServices(World world) : world_(std::move(world)) {}

SessionServices::~SessionServices() { End("the session has ended"); }

void SessionServices::End(std::string_view why) {
  while (!waiting_.empty()) Finish(waiting_.begin()->first, Fail(Code::kUnavailable, "{}", why));
}

Status SessionServices::TakeServices(const json& message) {
  AILERON_ASSIGN(ServiceTable table, ParseServices(message));
  for (const PublishedPort& one : table.published) {
    if (!IsIn(table_.published, one)) world_.audit("service.publish", Told(one));
  }
  for (const PublishedPort& one : table_.published) {
    if (!IsIn(table.published, one)) world_.audit("service.unpublish", Told(one));
  }
  table_ = std::move(table);
  return {};
}

Status SessionServices::TakeAnswer(const json& message) {
  const json& number = MemberOf(message, "number");
  if (!number.is_number_unsigned()) return Fail(Code::kInvalid, "an answer without a number");
  const json& address = MemberOf(message, "address");
  if (address.is_string()) {
    Finish(number.get<std::uint64_t>(), Printable(address.get<std::string>().substr(0, 64)));
  } else {
    Finish(number.get<std::uint64_t>(), std::unexpected(ErrorIn(message)));
  }
  return {};
}

void SessionServices::Publish(const service::Mapping& mapping, OnDone done) {
  Ask({{"type", "publish"},
       {"port", mapping.port},
       {"host", mapping.outside.host.ToString()},
       {"host_port", mapping.outside.port}},
      {}, std::move(done));
}

void SessionServices::Unpublish(std::uint16_t port, OnDone done) {
  Ask({{"type", "unpublish"}, {"port", port}}, {}, std::move(done));
}

void SessionServices::Ask(json message, os::Fd descriptor, OnDone done) {
  if (waiting_.size() >= limits::kWishes)
    return done(Fail(Code::kUnavailable, "the session's launcher has not answered the others yet"));
  const std::uint64_t number = ++last_;
  message["number"] = number;
  if (auto sent = world_.send(message.dump(), descriptor); !sent)
    return done(std::unexpected(sent.error()));
  auto waiting = std::make_unique<Waiting>(world_.loop, std::move(done), [this, number] {
    Finish(number, Fail(Code::kUnavailable,
                        "the session's launcher does not answer. It may be stopped: look at its "
                        "terminal"));
  });
  waiting->deadline.Set(limits::kWishWait);
  waiting_[number] = std::move(waiting);
}

void SessionServices::Finish(std::uint64_t number, Result<std::string> address) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  // Out of the table first: who is told may ask again.
  const std::unique_ptr<Waiting> waiting = std::move(found->second);
  waiting_.erase(found);
  waiting->done(std::move(address));
}

Result<std::uint16_t> SessionServices::PortOf(std::string_view name) const {
  const auto found = std::ranges::find(table_.services, name, &service::Report::name);
  if (found == table_.services.end())
    return Fail(Code::kNotFound, "no service of this session is called {}", Printable(name));
  if (found->ports.empty()) {
    return Fail(Code::kInvalid,
                "{} has not said which port it serves. Name the port instead of the service", name);
  }
  return found->ports.front().number;
}

json SessionServices::ToJson() const {
  json services = json::array();
  json published = json::array();
  const auto address_of = [this](std::uint16_t port) {
    const auto found = std::ranges::find(table_.published, port, &PublishedPort::port);
    return found == table_.published.end() ? json() : json(found->address);
  };
  for (const service::Report& report : table_.services) {
    json ports = json::array();
    for (const service::Port& port : report.ports)
      ports.push_back({{"port", port.number}, {"address", address_of(port.number)}});
    json one = {{"name", report.name},  {"state", NameOf(report.state)},
                {"health", nullptr},    {"restarts", report.restarts},
                {"exit_code", nullptr}, {"ports", std::move(ports)}};
    if (report.condition != service::Condition::kNone) one["health"] = NameOf(report.condition);
    if (report.exit_code) one["exit_code"] = *report.exit_code;
    services.push_back(std::move(one));
  }
  for (const PublishedPort& one : table_.published)
    published.push_back({{"port", one.port}, {"address", one.address}, {"by", one.by}});
  return {{"services", std::move(services)}, {"published", std::move(published)}};
}

}  // namespace aileron::daemon
