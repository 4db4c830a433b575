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
std::optional<Permits::FindCaller> Permits::CallerWanted(Ask& ask) {
  if (settings_.programs.empty()) return std::nullopt;
  if (ask.ticket != 0) {
    ask.caller = std::make_shared<policy::Caller>(policy::Caller::Nobody());
    return std::nullopt;
  }
  const auto host = ParseHost(ask.host);
  if (!host) return std::nullopt;
  std::vector<std::string> programs = settings_.programs.At(host->text);
  if (programs.empty()) return std::nullopt;
  if (ask.ends.client.empty()) {
    ask.caller = Unknown("is not one of the sandbox's programs");
    return std::nullopt;
  }
  if (looked_for_.size() >= limits::kLooks || !looked_for_.insert(ask.id).second) {
    ask.caller = Unknown("is one of too many at once to tell whose it is");
    return std::nullopt;
  }
  return FindCaller{.question = proxy::Ready{}, .ends = ask.ends, .programs = std::move(programs)};
}

Result<Permits::Answer> Permits::Handle(proxy::WorkerMessage message, Time now) {
  std::optional<FindCaller> find;
  if (auto* ask = std::get_if<proxy::AskVerdict>(&message)) {
    // What is asked ahead or of names is nobody's in particular, and answered in order.
    if (ask->how != proxy::How::kDns) NoteHost(ask->host);
    if (ask->how != proxy::How::kDns && ask->how != proxy::How::kAhead) find = CallerWanted(*ask);
  } else if (auto* request = std::get_if<proxy::AskRequest>(&message)) {
    find = CallerWanted(*request);
  } else if (auto* credential = std::get_if<proxy::AskCredential>(&message)) {
    if (credential->binding != proxy::kUpstreamProxyBinding) find = CallerWanted(*credential);
  }
  if (!find) return Answered(std::move(message), now);
  find->question = std::move(message);
  return std::move(*find);
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

// Whose connection it is may have changed since the verdict: that is told as what it is.
proxy::Credential Permits::NotHeld(const proxy::AskCredential& ask) {
  if (!ToldApart(ParseHost(ask.host)->text)) return NoLonger(ask);
  for (const vault::Binding* binding : source_.Applicable(ask.host, ask.port)) {
    if (binding->name != ask.binding) continue;
    if (auto kept = KeptBack(ask, *binding)) return std::move(*kept);
  }
  return NoLonger(ask);
}

}  // namespace aileron::daemon
