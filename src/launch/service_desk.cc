// Tested by tests/shim/test_services.py.

#include "launch/service_desk.h"

#include <algorithm>

#include "launch/limits.h"
#include "service/limits.h"

namespace aileron::launch {

Result<ServiceDesk> ServiceDesk::Open(const Publishing& publishing,
                                      std::vector<std::uint16_t> reserved) {
  AILERON_ASSIGN(Publisher publisher, Publisher::Make(std::move(reserved)));
  for (const service::Mapping& mapping : publishing.mappings) {
    auto published = publisher.Publish(mapping, By::kLaunch);
    if (!published) return Wrap(std::move(published.error()), "--publish");
  }
  for (const std::uint16_t port : publishing.preferred) {
    if (publisher.Find(port) != nullptr) continue;
    auto published = publisher.Publish({.outside = {.port = port}, .port = port}, By::kLaunch);
    if (!published) published = publisher.Publish({.outside = {}, .port = port}, By::kLaunch);
    if (!published) return Wrap(std::move(published.error()), "forwardPorts");
  }
  ServiceDesk desk(std::move(publisher), publishing.by_services);
  desk.untold_ = !publishing.mappings.empty() || !publishing.preferred.empty();
  return desk;
}

std::vector<std::string> ServiceDesk::Notes() const {
  std::vector<std::string> notes;
  for (const Publication& one : publisher_.All()) {
    const std::string address = one.mapping.outside.ToString();
    notes.push_back(fmt::format("{} leads to port {} of the sandbox", address, one.mapping.port));
    if (!one.mapping.outside.loopback())
      notes.push_back(fmt::format("{} can be reached by other machines", address));
  }
  return notes;
}

void ServiceDesk::Begin(int channel, SessionLink& session) {
  channel_ = channel;
  session_ = &session;
  publisher_.Begin([channel](std::uint32_t id, std::uint16_t port) {
    // Init has a queue for more than can be under way; without an answer the connection ends.
    (void)sandbox::Send(channel, sandbox::Connect{id, port});
  });
}

std::optional<Duration> ServiceDesk::Wait(Duration now) const {
  std::optional<Duration> wait = publisher_.Wait(now);
  if (!untold_ || session_ == nullptr || session_->descriptor() < 0) return wait;
  const Duration next =
      told_ ? std::max(*told_ + limits::kTellAgain - now, Duration::zero()) : Duration::zero();
  return wait ? std::min(*wait, next) : next;
}

void ServiceDesk::Turn(Duration now) {
  publisher_.Turn(now);
  Tell(now);
}

// Not more often than a person could follow, however often a sandbox changes something.
void ServiceDesk::Tell(Duration now) {
  if (!untold_ || session_->descriptor() < 0) return;
  if (told_ && now - *told_ < limits::kTellAgain) return;
  told_ = now;
  if (session_->TellServices(reports_, publisher_.All())) untold_ = false;
}

bool ServiceDesk::HearSandbox(sandbox::Received& received) {
  if (auto* reports = std::get_if<sandbox::ServiceReports>(&received.message)) {
    // Where something is published is this side's to say.
    for (service::Report& report : reports->reports) {
      for (service::Port& port : report.ports) port = {.number = port.number};
    }
    untold_ = untold_ || reports_ != reports->reports;
    reports_ = std::move(reports->reports);
    FollowServices();
  } else if (const auto* connected = std::get_if<sandbox::Connected>(&received.message)) {
    publisher_.Connected(connected->id, std::move(received.descriptors));
  } else if (const auto* publish = std::get_if<sandbox::Publish>(&received.message)) {
    TellInit(Answer(*publish));
  } else {
    return false;
  }
  return true;
}

// A service has asked. The port on the host is never its choice.
service::Port ServiceDesk::Answer(const sandbox::Publish& asked) {
  service::Port port{.number = asked.port};
  if (const Publication* known = publisher_.Find(asked.port); known != nullptr) {
    port.address = known->mapping.outside.ToString();
    return port;
  }
  if (!by_services_) {
    port.refusal = "a person has to allow that";
    return port;
  }
  if (closed_.contains(asked.port)) {
    port.refusal = "a person has closed it";
    return port;
  }
  if (publisher_.CountBy(By::kAgent) >= limits::kPublishedByAgent) {
    port.refusal = "this sandbox has as many published ports as it may";
    return port;
  }
  const auto published = publisher_.Publish({.outside = {}, .port = asked.port}, By::kAgent);
  if (published) {
    port.address = published->mapping.outside.ToString();
    asked_.insert(asked.port);
    untold_ = true;
  } else {
    port.refusal = published.error().message.substr(0, service::limits::kTextMax);
  }
  return port;
}

// A port that a service asked for is open while the service is not over.
void ServiceDesk::FollowServices() {
  for (const std::uint16_t port : asked_) {
    const bool wanted = std::ranges::any_of(reports_, [&](const service::Report& report) {
      return service::IsAlive(report.state) &&
             std::ranges::find(report.ports, port, &service::Port::number) != report.ports.end();
    });
    const Publication* known = publisher_.Find(port);
    if (wanted && known == nullptr && !closed_.contains(port)) {
      TellInit(Answer({.port = port}));
    } else if (!wanted && known != nullptr && known->by == By::kAgent) {
      (void)publisher_.Unpublish(port);
      TellInit({.number = port, .refusal = "its service is over"});
      untold_ = true;
    }
  }
}

void ServiceDesk::TellInit(service::Port port) {
  (void)sandbox::Send(channel_, sandbox::Published{std::move(port)});
}

void ServiceDesk::HearDaemon(const SessionLink::Wish& wish) {
  if (wish.kind == SessionLink::Wish::Kind::kUnpublish) {
    const Status done = publisher_.Unpublish(wish.mapping.port);
    closed_.insert(wish.mapping.port);
    if (done) TellInit({.number = wish.mapping.port, .refusal = "it is not published any more"});
    (void)session_->AnswerWish(wish,
                               done ? Result<std::string>("") : std::unexpected(done.error()));
  } else {
    const auto published = publisher_.Publish(wish.mapping, By::kPerson);
    if (!published) {
      (void)session_->AnswerWish(wish, std::unexpected(published.error()));
      return;
    }
    closed_.erase(wish.mapping.port);
    std::string address = published->mapping.outside.ToString();
    TellInit({.number = wish.mapping.port, .address = address});
    (void)session_->AnswerWish(wish, std::move(address));
  }
  // At once: whoever asked looks next.
  untold_ = true;
  told_.reset();
}

}  // namespace aileron::launch
