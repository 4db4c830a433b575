// Tested by src/daemon/permit_callers_test.cc.

// Permits, whose connection it is: where a rule names a program, questions wait until that is found
// out.
#include "base/host_pattern.h"
#include "daemon/permit_answers.h"
#include "daemon/permits.h"

namespace aileron::daemon {

namespace {

proxy::CallerFound Unknown(std::string why) {
  return std::make_shared<policy::Caller>(policy::Caller::Unknown(std::move(why)));
}

}  // namespace

template <typename Ask>
std::vector<std::string> Permits::CallerWanted(Ask& ask) {
  if (settings_.programs.empty()) return {};
  if (ask.ticket != 0) {
    ask.caller = std::make_shared<policy::Caller>(policy::Caller::Nobody());
    return {};
  }
  const auto host = ParseHost(ask.host);
  if (!host) return {};
  std::vector<std::string> programs = settings_.programs.At(host->text);
  if (programs.empty()) return {};
  if (ask.ends.client.empty()) {
    ask.caller = Unknown("is not one of the sandbox's programs");
    return {};
  }
  if (looked_for_.size() >= limits::kLooks || !looked_for_.insert(ask.id).second) {
    ask.caller = Unknown("is one of too many at once to tell whose it is");
    return {};
  }
  return programs;
}

Result<Permits::Answer> Permits::Handle(proxy::WorkerMessage message, Time now) {
  std::vector<std::string> programs;
  proxy::ClientEnds ends;
  const auto want = [&](auto& ask) {
    programs = CallerWanted(ask);
    ends = ask.ends;
  };
  if (auto* ask = std::get_if<proxy::AskVerdict>(&message); ask && ask->how != proxy::How::kDns) {
    NoteHost(ask->host);
    // What is asked ahead is nobody's in particular, and answered in order.
    if (ask->how != proxy::How::kAhead) want(*ask);
  } else if (auto* request = std::get_if<proxy::AskRequest>(&message)) {
    want(*request);
  } else if (auto* credential = std::get_if<proxy::AskCredential>(&message)) {
    if (credential->binding != proxy::kUpstreamProxyBinding) want(*credential);
  }
  if (programs.empty()) return Answered(std::move(message), now);
  return FindCaller{
      .question = std::move(message), .ends = std::move(ends), .programs = std::move(programs)};
}

Result<Permits::Answer> Permits::Found(proxy::WorkerMessage question, policy::Caller caller,
                                       Time now) {
  const bool wanted = std::visit(
      [&]<typename Message>(Message& message) {
        if constexpr (requires { message.caller; }) {
          message.caller = std::make_shared<policy::Caller>(std::move(caller));
          return looked_for_.erase(message.id) != 0;
        }
        return false;
      },
      question);
  if (!wanted) return Nothing{};  // nobody waits for it any more
  return Answered(std::move(question), now);
}

bool Permits::ToldApart(std::string_view host) const {
  return !settings_.programs.empty() && !settings_.programs.At(host).empty();
}

void Permits::KeepNothing(std::string_view host, Answer& answer) const {
  auto* verdict = std::get_if<proxy::Verdict>(&answer);
  if (verdict != nullptr && ToldApart(host)) verdict->keep_ms = 0;
}

}  // namespace aileron::daemon
