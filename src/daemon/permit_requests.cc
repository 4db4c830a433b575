// Tested by src/daemon/permit_requests_test.cc.

// Permits, what a person may be asked about: requests that a rule speaks of, and the first use of a
// credential. What a person says about any question comes back here, too.
#include "base/host_pattern.h"
#include "base/text.h"
#include "daemon/permit_answers.h"
#include "daemon/permits.h"
#include "policy/caller.h"

namespace aileron::daemon {
namespace {

crypto::Digest RequestOf(std::string_view host, std::uint16_t port, std::string_view method,
                         std::string_view path) {
  return crypto::Hash(fmt::format("{}\n{}\n{}\n{}", host, port, method, path));
}

// What a rule asks about a program it asks about whoever may be that.
void NameProgram(const std::string& by, const policy::Caller* caller, About& about) {
  about.by = by;
  about.by_unsure = !policy::HoldsFor(by, policy::Action::kAllow, caller);
}

bool IsDigest(std::string_view text) { return text.size() == 64 && HexDecode(text).has_value(); }

// What no honest worker says.
Status CheckRequest(const proxy::AskRequest& ask) {
  const bool read = ask.seen == proxy::Seen::kWhole || ask.seen == proxy::Seen::kPart;
  const bool told = ask.seen != proxy::Seen::kNothing;
  if (ask.method.empty() || ask.method.size() > kMethodMax || ask.path.size() > kPathMax ||
      (told && !IsDigest(ask.same)) || (read && !IsDigest(ask.body_hash)) ||
      ask.body.size() > ask.size) {
    return Fail(Code::kDenied, "a question about a request that cannot be one");
  }
  return {};
}

// The verdict as the answer that such a question gets.
Permits::Answer AsAnswer(const Asking::Waiter& waiter, const proxy::Verdict& verdict) {
  if (std::holds_alternative<proxy::AskRequest>(waiter)) return Refused(verdict);
  if (const auto* ask = std::get_if<proxy::AskCredential>(&waiter)) return Denied(*ask, verdict);
  return verdict;
}

proxy::RequestAnswer DeniedBy(const policy::RequestRule& rule, const proxy::AskRequest& ask) {
  return Refused(Deny(ask.id, "request_denied", rule.id,
                      fmt::format("{} {} is denied by the rule {}", ask.method,
                                  UrlOf(ask.scheme, ask.host, ask.port, ask.path), rule.id),
                      fmt::format("see {} on the host", rule.id)));
}

policy::Protocol ProtocolOfWaiter(const Asking::Waiter& waiter) {
  if (const auto* ask = std::get_if<proxy::AskVerdict>(&waiter)) return ProtocolOf(ask->scheme);
  if (const auto* ask = std::get_if<proxy::AskRequest>(&waiter)) return ProtocolOf(ask->scheme);
  return policy::Protocol::kHttps;  // no credential goes without TLS
}

}  // namespace

void Permits::Withdraw() {
  asking_.Withdraw();
  passes_.clear();
  ++withdrawn_;
}

// --- requests

Result<Permits::Answer> Permits::OnRequest(proxy::AskRequest ask, Time now) {
  AILERON_TRY(CheckRequest(ask));
  const auto host = ParseHost(ask.host);
  if (!host || !hosts_.contains(host->text)) {
    if (host && forgotten_) {
      return Refused(
          Deny(ask.id, "not_permitted", "", "the verdict on this host was forgotten", "try again"));
    }
    return Fail(Code::kDenied, "a request to {}, a host without a verdict",
                Printable(std::string_view(ask.host).substr(0, 100)));
  }
  ask.host = host->text;
  if (const std::string outage = source_.Outage(); !outage.empty()) {
    return Refused(
        Deny(ask.id, "audit_unavailable", "audit", outage, "see \"aileron status\" on the host"));
  }
  policy::Verdict decided = DecideHost(ask.host, ask.port, ProtocolOf(ask.scheme), ask.caller);
  if (IsForbidden(decided)) return Refused(ToWire(ask.id, std::move(decided)));
  const auto ticket = tickets_.find(ask.ticket);
  const bool run = ticket != tickets_.end() && ticket->second.host == ask.host &&
                   ticket->second.port == ask.port;
  if (ask.ticket != 0 && !run) {
    return Refused(Deny(ask.id, "not_permitted", "operations",
                        "this operation is over, or is for another host", ""));
  }
  const policy::RequestRule* rule = RuleOn(ask, decided.action);
  if (rule != nullptr && rule->action == policy::Action::kDeny) return DeniedBy(*rule, ask);
  const bool confirmed = run && ticket->second.confirmed;
  if (rule != nullptr && rule->action == policy::Action::kAsk && !confirmed) {
    return AskAboutRequest(std::move(ask), *rule, now);
  }
  if (run) {
    return GoOn(ask, ticket->second.rule, confirmed ? Speaker::kPerson : Speaker::kRule);
  }
  if (rule != nullptr && rule->action == policy::Action::kAllow) {
    return GoOn(ask, rule->id, Speaker::kRule);
  }
  if (decided.action == policy::Action::kAllow) {
    return GoOn(ask, std::move(decided.rule), Speaker::kRule);
  }
  return AskAboutHost(std::move(ask), std::move(decided), now);
}

const policy::RequestRule* Permits::RuleOn(const proxy::AskRequest& ask,
                                           policy::Action host) const {
  return settings_.requests.Decide({.host = ask.host,
                                    .port = ask.port,
                                    .method = ask.method,
                                    .path = ask.path,
                                    .doubt = {ask.overrides_method, ask.overrides_path},
                                    .protocol = ProtocolOf(ask.scheme),
                                    .host_action = host,
                                    .caller = ask.caller.get()});
}

// A yes to a request is one to the host, as far as the request goes: there is one question.
Permits::Answer Permits::AskAboutRequest(proxy::AskRequest ask, const policy::RequestRule& rule,
                                         Time now) {
  About about{.subject = approval::Subject::kHttpRequest, .host = ask.host, .port = ask.port};
  about.rule = rule.id;
  NameProgram(rule.by, ask.caller.get(), about);
  if (auto inside = DenyInside(ask.id, ask.host, rule.id); inside && !HostAllowed(ask)) {
    return Refused(*inside);
  }
  if (settings_.unattended) {
    about.request = std::move(ask);
    return Refused(Unasked(
        about, Deny(about.request.id, "request_not_allowed", rule.id,
                    fmt::format("{} needs a person's yes by the rule {}, and nobody is asked",
                                about.What(), rule.id),
                    "launch without --unattended")));
  }
  if (ask.seen == proxy::Seen::kNothing) {
    return proxy::RequestAnswer{.id = ask.id, .next = proxy::Next::kShow};
  }
  proxy::AskRequest waiter = ask;
  about.request = std::move(ask);
  about.bindings = BindingsOf(about, about.request.caller.get());
  if (const auto yes = asking_.Remembered(about.Key(), now)) {
    return GoOn(waiter, yes->rule, Speaker::kPerson);
  }
  if (const auto yes = asking_.TakeUnused(about, now))
    return GoOn(waiter, yes->rule, Speaker::kPerson);
  return PutTo(std::move(about), std::move(waiter));
}

// No rule speaks of this request, and its host is not allowed as such.
Permits::Answer Permits::AskAboutHost(proxy::AskRequest ask, policy::Verdict decided, Time now) {
  if (decided.action != policy::Action::kAsk) return Refused(ToWire(ask.id, std::move(decided)));
  if (auto inside = DenyInside(ask.id, ask.host, decided.rule)) return Refused(*inside);
  About about = HostAbout(ask.host, ask.port, decided, ask.caller.get());
  if (settings_.unattended) return Refused(Unasked(about, ToWire(ask.id, std::move(decided))));
  if (const auto yes = asking_.Remembered(about.Key(), now))
    return GoOn(ask, yes->rule, Speaker::kRule);
  return PutTo(std::move(about), std::move(ask));
}

Permits::Answer Permits::GoOn(const proxy::AskRequest& ask, std::string rule, Speaker speaker) {
  const std::uint64_t pass = next_pass_++;
  if (passes_.size() >= limits::kPasses) passes_.erase(passes_.begin());
  passes_[pass] = {RequestOf(ask.host, ask.port, ask.method, ask.path), speaker};
  return proxy::RequestAnswer{
      .id = ask.id, .next = proxy::Next::kSend, .pass = pass, .rule = std::move(rule)};
}

bool Permits::HostAllowed(const proxy::AskRequest& ask) const {
  return DecideHost(ask.host, ask.port, ProtocolOf(ask.scheme), ask.caller).action ==
         policy::Action::kAllow;
}

// Those whose credentials would be used, as far as can be told before: a look-alike may be missing.
std::vector<vault::Binding> Permits::BindingsOf(const About& about, const policy::Caller* caller) {
  std::vector<vault::Binding> bindings;
  if (about.request.scheme == proxy::Scheme::kHttp) return bindings;
  const bool request = about.subject == approval::Subject::kHttpRequest;
  for (const vault::Binding* binding : Bound(about.host, about.port, caller)) {
    if (request && !binding->scope.Covers(about.request.method, about.request.path)) continue;
    bindings.push_back(*binding);
  }
  return bindings;
}

About Permits::HostAbout(const std::string& host, std::uint16_t port,
                         const policy::Verdict& decided, const policy::Caller* caller) {
  About about{.host = host, .port = port};
  if (decided.by != nullptr) NameProgram(decided.by->by, caller, about);
  about.bindings = BindingsOf(about, caller);
  return about;
}

// --- credentials

bool Permits::HasPass(const proxy::AskCredential& ask) const {
  const auto host = ParseHost(ask.host);
  const auto found = passes_.find(ask.pass);
  return host && found != passes_.end() &&
         found->second.request == RequestOf(host->text, ask.port, ask.method, ask.path);
}

// Nothing when the question may go on.
Result<std::optional<proxy::Credential>> Permits::CheckPass(const proxy::AskCredential& ask) {
  const auto host = ParseHost(ask.host);
  if (!host || !settings_.requests.Speaks(host->text, ask.port)) return std::nullopt;
  if (HasPass(ask)) return std::nullopt;
  const bool given = ask.pass != 0 && ask.pass < next_pass_;
  if (given && !passes_.contains(ask.pass)) return NoLonger(ask);  // forgotten, or withdrawn
  return Fail(Code::kDenied, "the credential of binding {} for {} {}:{}{}, which nobody let pass",
              Printable(std::string_view(ask.binding).substr(0, 100)),
              Printable(std::string_view(ask.method).substr(0, kMethodMax)), host->text, ask.port,
              Printable(std::string_view(ask.path).substr(0, 200)));
}

// Whether nobody need be asked before this credential is used for this request.
bool Permits::Confirmed(const proxy::AskCredential& ask, const vault::Binding& binding, Time now) {
  if (binding.approval == vault::Approval::kNone) return true;
  const auto pass = passes_.find(ask.pass);
  if (HasPass(ask) && pass->second.speaker == Speaker::kPerson) return true;
  const auto ticket = tickets_.find(ask.ticket);
  const auto host = ParseHost(ask.host);
  if (ticket != tickets_.end() && ticket->second.confirmed && ticket->second.host == host->text &&
      ticket->second.port == ask.port && ticket->second.credential == binding.credential) {
    return true;
  }
  return asking_.Remembered(FirstUseOf(ask, binding).Key(), now).has_value();
}

// How long the worker may use it without asking again. Where each request is asked about, or the
// yes was to one request, not at all.
Time Permits::HoldsUntil(const proxy::AskCredential& ask, const vault::Binding& binding, Time now) {
  const std::string host = ParseHost(ask.host)->text;
  const bool told_apart = settings_.requests.Speaks(host, ask.port) ||
                          settings_.credentials.SpeaksOfRequests(host, ask.port) || ToldApart(host);
  if (told_apart) return now;
  if (binding.approval == vault::Approval::kNone) return Time::max();
  const auto yes = asking_.Remembered(FirstUseOf(ask, binding).Key(), now);
  return yes ? yes->until : now;
}

About Permits::FirstUseOf(const proxy::AskCredential& ask, const vault::Binding& binding) {
  return {.subject = approval::Subject::kCredential,
          .host = ParseHost(ask.host)->text,
          .port = ask.port,
          .bindings = {binding},
          .method = ask.method,
          .path = ask.path};
}

Permits::Answer Permits::AskAboutCredential(proxy::AskCredential ask, const vault::Binding& binding,
                                            Time now) {
  About about = FirstUseOf(ask, binding);
  if (settings_.unattended) {
    return Denied(
        ask, Unasked(about, Deny(ask.id, "credential_not_allowed", "bindings",
                                 fmt::format("{} needs a person's yes before it is first used, and "
                                             "nobody is asked",
                                             about.What()),
                                 "launch without --unattended")));
  }
  if (asking_.TakeUnused(about, now)) return Wait(std::move(ask), binding, now);
  return PutTo(std::move(about), std::move(ask));
}

// --- a person

// Nobody may be asked about it, and whoever launched is told so.
proxy::Verdict Permits::Unasked(const About& about, proxy::Verdict denial) {
  source_.DeniedUnasked(about, denial.code, denial.hint);
  return denial;
}

Permits::Answer Permits::PutTo(About about, Asking::Waiter waiter) {
  const std::uint64_t ticket = next_ticket_, id = Asking::IdOf(waiter);
  switch (asking_.Add(ticket, std::move(about), waiter)) {
    case Asking::Joined::kFull:
      return AsAnswer(waiter, TooMany(id));
    case Asking::Joined::kJoined:
      return proxy::Held{id};
    case Asking::Joined::kNew:
      break;
  }
  ++next_ticket_;
  return AskPerson{ticket, id, asking_.AboutOf(ticket)};
}

std::vector<Permits::Answer> Permits::Said(std::uint64_t ticket, const Approvals::Said& said,
                                           Time now) {
  Asking::Group group = asking_.Take(ticket);
  const About& about = *group.about;
  const bool yes = said.kind == Approvals::Said::Kind::kYes;
  const std::string outage = source_.Outage();
  std::vector<Answer> answers;
  if (!yes || !outage.empty()) {
    for (const Asking::Waiter& waiter : group.waiters) {
      const std::uint64_t id = Asking::IdOf(waiter);
      proxy::Verdict verdict = NotYet(id, about.What(), said);
      if (yes) {
        verdict =
            Deny(id, "audit_unavailable", "audit", outage, "see \"aileron status\" on the host");
        verdict.keep_ms = 0;
      }
      answers.push_back(AsAnswer(waiter, verdict));
    }
    return answers;
  }
  const Asking::Yes spoken{said.until, said.rule};
  const bool once = said.once && about.subject != approval::Subject::kHost;
  if (!once) RememberYes(about, spoken);
  if (once && group.waiters.empty()) asking_.KeepUnused(about, spoken, now);
  while (!group.waiters.empty()) {
    answers.push_back(AfterYes(group.waiters.front(), spoken, about, now));
    group.waiters.erase(group.waiters.begin());
    if (!once || group.waiters.empty()) continue;
    const std::uint64_t again = next_ticket_++;
    const std::uint64_t id = Asking::IdOf(group.waiters.front());
    answers.push_back(AskPerson{again, id, group.about});
    asking_.Again(again, std::move(group));
    break;
  }
  for (Answer& answer : answers) KeepNothing(about.host, answer);
  return answers;
}

// A yes to a host is one to the credentials that it named; one for a program is not, since a
// credential is remembered for whoever uses it.
void Permits::RememberYes(const About& about, const Asking::Yes& yes) {
  asking_.Remember(about.Key(), yes);
  if (about.subject != approval::Subject::kHost || !about.by.empty()) return;
  for (const vault::Binding& binding : about.bindings) {
    if (binding.approval == vault::Approval::kNone) continue;
    const proxy::AskCredential ask{.host = about.host, .port = about.port};
    asking_.Remember(FirstUseOf(ask, binding).Key(), yes);
  }
}

// What has waited goes on, if what it is for is still as it was: rules and bindings may have
// changed meanwhile, and a no beats a yes.
Permits::Answer Permits::AfterYes(const Asking::Waiter& waiter, const Asking::Yes& yes,
                                  const About& about, Time now) {
  const std::uint64_t id = Asking::IdOf(waiter);
  const proxy::CallerFound caller =
      std::visit([](const auto& asked) { return asked.caller; }, waiter);
  policy::Verdict decided = DecideHost(about.host, about.port, ProtocolOfWaiter(waiter), caller);
  if (decided.action == policy::Action::kDeny &&
      (IsForbidden(decided) || about.subject == approval::Subject::kHost)) {
    return AsAnswer(waiter, ToWire(id, std::move(decided)));
  }
  if (const auto* ask = std::get_if<proxy::AskVerdict>(&waiter)) {
    return Admit(*ask, AllowUntil(id, yes, now));
  }
  if (const auto* ask = std::get_if<proxy::AskRequest>(&waiter)) {
    const bool request = about.subject == approval::Subject::kHttpRequest;
    const policy::RequestRule* rule = RuleOn(*ask, decided.action);
    if (rule != nullptr && rule->action == policy::Action::kDeny) return DeniedBy(*rule, *ask);
    if (rule != nullptr && rule->action == policy::Action::kAsk && !request) {
      return Refused(Deny(id, "not_permitted", rule->id,
                          "a new rule asks about this request, and the yes was to its host",
                          "try again"));
    }
    if (request && BindingsOf(about, caller.get()) != about.bindings) {
      return Refused(Deny(id, "not_permitted", yes.rule,
                          "the credentials of this request are others than those that were shown",
                          "try again"));
    }
    return GoOn(*ask, yes.rule, request ? Speaker::kPerson : Speaker::kRule);
  }
  const auto& ask = std::get<proxy::AskCredential>(waiter);
  const vault::Binding* binding = StillHolds(ask, now);
  if (binding == nullptr || *binding != about.bindings.front()) return NoLonger(ask);
  if (auto kept = KeptBack(ask, *binding)) return *std::move(kept);
  return Wait(ask, *binding, HoldsUntil(ask, *binding, now));
}

}  // namespace aileron::daemon
