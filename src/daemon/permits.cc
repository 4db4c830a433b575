#include "daemon/permits.h"

#include "base/host_pattern.h"
#include "base/text.h"
#include "daemon/permit_answers.h"
#include "policy/caller.h"
#include "proxy/limits.h"
#include "proxy/site.h"
#include "vault/aws_key.h"

namespace aileron::daemon {

namespace {

std::string GrantKey(std::string_view binding, std::string_view host, std::uint16_t port) {
  return fmt::format("{}\n{}\n{}", binding, host, port);
}

proxy::BindingScheme SchemeOf(vault::Scheme scheme) {
  switch (scheme) {
    case vault::Scheme::kBearer:
    case vault::Scheme::kOAuth2:  // its access token is sent as one
      return proxy::BindingScheme::kBearer;
    case vault::Scheme::kBasic:
      return proxy::BindingScheme::kBasic;
    case vault::Scheme::kHeaderTemplate:
      return proxy::BindingScheme::kHeaderTemplate;
    case vault::Scheme::kQueryParam:
      return proxy::BindingScheme::kQueryParam;
    case vault::Scheme::kCookie:
      return proxy::BindingScheme::kCookie;
    case vault::Scheme::kSigV4:
      return proxy::BindingScheme::kSigV4;
    case vault::Scheme::kMtls:
      return proxy::BindingScheme::kMtls;
  }
  return proxy::BindingScheme::kBearer;
}

}  // namespace

// Noted before anything is decided: the refusal too is told inside TLS, for which the worker wants
// a leaf.
void Permits::NoteHost(const std::string& name) {
  const auto host = ParseHost(name);
  if (!host) return;
  if (hosts_.size() >= limits::kVerdictHosts) {
    hosts_.clear();
    forgotten_ = true;
  }
  hosts_.insert(host->text);
}

Result<Permits::Answer> Permits::Answered(proxy::WorkerMessage message, Time now) {
  if (auto* ask = std::get_if<proxy::AskVerdict>(&message)) {
    if (ask->how == proxy::How::kDns) return OnName(*ask);
    Answer answer = OnVerdict(*ask, now);
    if (const auto host = ParseHost(ask->host)) KeepNothing(host->text, answer);
    return answer;
  }
  if (auto* ask = std::get_if<proxy::AskRequest>(&message)) {
    return OnRequest(std::move(*ask), now);
  }
  if (const auto* gone = std::get_if<proxy::Gone>(&message)) {
    looked_for_.erase(gone->id);
    asking_.Gone(gone->id);
    return Nothing{};
  }
  if (auto* ask = std::get_if<proxy::AskLeaf>(&message)) return OnLeaf(*ask, now);
  if (auto* ask = std::get_if<proxy::AskCredential>(&message)) {
    return OnCredential(std::move(*ask), now);
  }
  if (const auto* ask = std::get_if<proxy::AskApi>(&message)) return *ask;
  if (auto* audit = std::get_if<proxy::Audit>(&message)) return std::move(*audit);
  return proxy::Ready{};
}

proxy::Verdict Permits::OnName(const proxy::AskVerdict& ask) {
  return ToWire(ask.id, policy::DecideName(settings_.network, ask.host));
}

// The sandbox's API, which is the daemon itself. No rule is asked, and nothing is bound to it.
proxy::Verdict Permits::OnInternal(const proxy::AskVerdict& ask) {
  constexpr std::uint16_t https_port = 443;
  if (ask.scheme == proxy::Scheme::kHttp || ask.port != https_port) {
    return Deny(ask.id, "api_needs_tls", "aileron",
                "the sandbox's API is served at https://aileron.internal alone",
                "use $AILERON_API_URL");
  }
  return {.id = ask.id, .action = proxy::Action::kAllow, .rule = "aileron"};
}

Permits::Answer Permits::OnVerdict(const proxy::AskVerdict& ask, Time now) {
  const auto host = ParseHost(ask.host);
  if (host && host->text == proxy::kInternalHost) return OnInternal(ask);
  if (const std::string outage = source_.Outage(); !outage.empty()) {
    return Deny(ask.id, "audit_unavailable", "audit", outage, "see \"aileron status\" on the host");
  }
  policy::Verdict decided = DecideHost(ask.host, ask.port, ProtocolOf(ask.scheme), ask.caller);
  if (ask.ticket != 0 && host && !IsForbidden(decided)) return OnTicket(ask);
  if (decided.action != policy::Action::kAllow && host && !IsForbidden(decided)) {
    if (auto verdict = OnRuled(ask, decided)) return std::move(*verdict);
    if (decided.action == policy::Action::kAsk) {
      // A person's yes opens nothing inside: only a rule does.
      if (auto inside = DenyInside(ask.id, host->text, decided.rule)) return std::move(*inside);
      return OnAsk(ask, decided, now);
    }
  }
  proxy::Verdict verdict = ToWire(ask.id, std::move(decided));
  if (verdict.action != proxy::Action::kAllow) return verdict;
  return Admit(ask, std::move(verdict));
}

policy::Verdict Permits::DecideHost(std::string_view host, std::uint16_t port,
                                    policy::Protocol protocol,
                                    const proxy::CallerFound& caller) const {
  return policy::Decide(settings_.network, {host, port, protocol, caller.get()});
}

// A host that is not allowed as such, and whose requests a rule speaks of: a person is asked once,
// about the request.
std::optional<proxy::Verdict> Permits::OnRuled(const proxy::AskVerdict& ask,
                                               policy::Verdict decided) {
  const auto host = ParseHost(ask.host);
  if (!settings_.requests.Speaks(host->text, ask.port)) return std::nullopt;
  const bool asks = decided.action == policy::Action::kAsk && !settings_.unattended;
  if (!asks && !settings_.requests.MayAllow(host->text, ask.port)) return std::nullopt;
  if (auto inside = DenyInside(ask.id, host->text, decided.rule)) return inside;
  return Admit(ask, {.id = ask.id, .action = proxy::Action::kAllow, .rule = decided.rule});
}

// What follows once the host is allowed, by a rule or by a person.
proxy::Verdict Permits::Admit(const proxy::AskVerdict& ask, proxy::Verdict verdict) {
  const auto host = ParseHost(ask.host);
  if (settings_.opaque.Contains(host->text, ask.port)) return OnOpaque(ask, std::move(verdict));
  if (ask.scheme == proxy::Scheme::kHttp &&
      !Bound(host->text, ask.port, ask.caller.get()).empty()) {
    return Deny(ask.id, "credential_needs_tls", "bindings",
                fmt::format("a credential is bound to {}, and is never sent without TLS",
                            FormatHostPort(host->text, ask.port)),
                "use https://");
  }
  verdict.requests = settings_.requests.Speaks(host->text, ask.port) ? proxy::Requests::kAsked
                                                                     : proxy::Requests::kFree;
  verdict.bindings = BindingsFor(ask);
  // Fewer would let requests pass that a binding is for.
  if (verdict.bindings.size() > proxy::limits::bindings_max ||
      proxy::Encode(verdict).size() > proxy::limits::packet_max) {
    return Deny(
        ask.id, "too_many_bindings", "bindings",
        fmt::format("more is bound to {} than can be told", FormatHostPort(host->text, ask.port)),
        "remove bindings of this host, or narrow them with fewer paths");
  }
  if (ask.scheme == proxy::Scheme::kHttp && !Redirected(ask) &&
      settings_.proxy.Serves(host->text)) {
    ForwardToProxy(verdict);
  }
  return verdict;
}

std::uint64_t Permits::Permit(Ticket ticket) {
  const std::uint64_t number = next_ticket_++;
  tickets_[number] = std::move(ticket);
  return number;
}

// Somebody who may has let this operation run, and so what it is for.
Permits::Answer Permits::OnTicket(const proxy::AskVerdict& ask) {
  const auto found = tickets_.find(ask.ticket);
  if (found == tickets_.end() || found->second.host != ask.host || found->second.port != ask.port) {
    return Deny(ask.id, "not_permitted", "operations",
                "this operation is over, or is for another host", "");
  }
  const Ticket& ticket = found->second;
  proxy::Verdict verdict = Admit(
      ask, {.id = ask.id, .action = proxy::Action::kAllow, .keep_ms = 0, .rule = ticket.rule});
  // What was shown and confirmed is this credential, whatever else is bound to the host.
  std::erase_if(verdict.bindings, [&](const proxy::BindingView& binding) {
    return binding.credential != ticket.credential;
  });
  if (verdict.action == proxy::Action::kAllow && verdict.bindings.empty() &&
      !ticket.credential.empty()) {
    verdict = Deny(ask.id, "credential_missing", ticket.rule,
                   fmt::format("nothing binds {} to {}", ticket.credential, ask.host),
                   "run \"aileron binding add\" on the host");
    verdict.keep_ms = 0;
  }
  return verdict;
}

Permits::Answer Permits::OnAsk(const proxy::AskVerdict& ask, const policy::Verdict& decided,
                               Time now) {
  About about = HostAbout(ParseHost(ask.host)->text, ask.port, decided, ask.caller.get());
  // At the first sight of the host: the worker remembers it, and may not come back for a request.
  if (settings_.unattended) return Unasked(about, ToWire(ask.id, decided));
  if (const auto yes = asking_.Remembered(about.Key(), now)) {
    return Admit(ask, AllowUntil(ask.id, *yes, now));
  }
  constexpr std::uint16_t https_port = 443;
  const bool tunnel = ask.scheme == proxy::Scheme::kTcp && ask.port == https_port;
  if (tunnel || ask.how == proxy::How::kAhead) {
    // The request asks, inside: one that a person refuses is refused once.
    proxy::Verdict later = ToWire(ask.id, decided);
    later.keep_ms = 0;
    return later;
  }
  return PutTo(std::move(about), ask);
}

// Opaque hosts are allowed as tunnels, and as nothing else: a worker that would intercept one gets
// neither a verdict for that nor a credential.
proxy::Verdict Permits::OnOpaque(const proxy::AskVerdict& ask, proxy::Verdict verdict) {
  const std::string place = FormatHostPort(ask.host, ask.port);
  if (!Bound(ask.host, ask.port, ask.caller.get()).empty()) {
    return Deny(ask.id, "opaque_and_bound", "bindings",
                fmt::format("{} is opaque, and a credential is bound to it", place),
                "remove the binding, or launch without --opaque for it");
  }
  if (settings_.requests.Speaks(ask.host, ask.port)) {
    return Deny(ask.id, "opaque_and_ruled", "rules",
                fmt::format("{} is opaque, and a rule speaks of its requests", place),
                "leave out the rule, or launch without --opaque for it");
  }
  // Nobody will see which protocol is spoken inside.
  for (const auto protocol : {policy::Protocol::kHttps, policy::Protocol::kHttp}) {
    policy::Verdict inside = DecideHost(ask.host, ask.port, protocol, ask.caller);
    if (inside.action == policy::Action::kDeny) return ToWire(ask.id, std::move(inside));
  }
  if (ask.scheme != proxy::Scheme::kTcp) {
    return Deny(ask.id, "host_is_opaque", std::move(verdict.rule),
                fmt::format("{} is opaque, and this request would be looked into", place),
                "connect to it under its own name, as it is resolved in the sandbox");
  }
  verdict.opaque = true;
  return verdict;
}

bool Permits::Redirected(const proxy::AskVerdict& ask) const {
  return std::ranges::any_of(settings_.connect_to, [&](const proxy::ConnectTo& entry) {
    return entry.host == ask.host && entry.port == ask.port;
  });
}

// A plain request goes to the proxy itself, with the proxy's credential in its head.
void Permits::ForwardToProxy(proxy::Verdict& verdict) const {
  verdict.forward = proxy::Forward::kProxy;
  if (settings_.proxy.credential.empty()) return;
  verdict.bindings.push_back({.name = std::string(proxy::kUpstreamProxyBinding),
                              .scheme = proxy::BindingScheme::kBasic,
                              .credential = settings_.proxy.credential,
                              .username = settings_.proxy.username,
                              .header = "Proxy-Authorization"});
}

// The bindings of a host, but for those whose credentials a rule keeps back from all of it.
std::vector<const vault::Binding*> Permits::Bound(std::string_view host, std::uint16_t port,
                                                  const policy::Caller* caller) {
  std::vector<const vault::Binding*> bindings = source_.Applicable(host, port);
  std::erase_if(bindings, [&](const vault::Binding* binding) {
    return settings_.credentials.AgainstAll(host, port, binding->credential, caller) != nullptr;
  });
  return bindings;
}

// The worker is told of the bindings that hold, and each is a grant for exactly this host and port.
std::vector<proxy::BindingView> Permits::BindingsFor(const proxy::AskVerdict& ask) {
  std::vector<proxy::BindingView> views;
  if (ask.scheme == proxy::Scheme::kHttp) return views;
  const auto host = ParseHost(ask.host);
  if (!host) return views;
  // Then the worker has to say for which request it wants the credential, as when somebody is
  // asked.
  const bool told_apart = settings_.credentials.SpeaksOfRequests(host->text, ask.port);
  for (const vault::Binding* binding : Bound(host->text, ask.port, ask.caller.get())) {
    proxy::BindingView view{
        .name = binding->name,
        .scheme = SchemeOf(binding->scheme),
        .credential = binding->credential,
        .username = binding->username,
        .header = binding->header,
        .template_text = binding->template_text,
        .parameter =
            binding->scheme == vault::Scheme::kCookie ? binding->cookie : binding->parameter,
        .echo = binding->mask == vault::Mask::kYes ? proxy::Echo::kMask : proxy::Echo::kPass,
        .messages = binding->websocket_text == vault::WebSocketText::kSwap ? proxy::Messages::kSwap
                                                                           : proxy::Messages::kPass,
        .first_use = told_apart || binding->approval == vault::Approval::kFirstUse
                         ? proxy::FirstUse::kAsked
                         : proxy::FirstUse::kFree,
        .scope = binding->scope};
    if (binding->emit() == vault::Emit::kSentinel) {
      const auto sentinel = sentinels_.find(binding->name);
      // Bound after this session began: the sandbox holds no look-alike that could be replaced.
      if (sentinel == sentinels_.end()) continue;
      view.emit = proxy::Emit::kSentinel;
      view.sentinel = sentinel->second.value;
    }
    if (grants_.size() >= limits::kGrants) {
      grants_.clear();
      forgotten_ = true;
    }
    grants_.insert(GrantKey(binding->name, host->text, ask.port));
    views.push_back(std::move(view));
  }
  return views;
}

bool Permits::SpendLeaf(Time now) {
  if (leaf_time_ != Time{} && now > leaf_time_) {
    const double seconds = std::chrono::duration<double>(now - leaf_time_).count();
    leaf_budget_ = std::min(limits::kLeafBurst, leaf_budget_ + seconds * limits::kLeavesPerSecond);
  }
  leaf_time_ = now;
  if (leaf_budget_ < 1) return false;
  leaf_budget_ -= 1;
  return true;
}

Result<proxy::Leaf> Permits::OnLeaf(const proxy::AskLeaf& ask, Time now) {
  proxy::Leaf leaf{.id = ask.id};
  const auto host = ParseHost(ask.host);
  if (!host || !hosts_.contains(host->text)) {
    if (host && forgotten_) {
      leaf.error = "the verdict on this host was forgotten; ask again";
      return leaf;
    }
    return Fail(Code::kDenied, "a certificate for {}, a host without a verdict",
                Printable(std::string_view(ask.host).substr(0, 100)));
  }
  if (!SpendLeaf(now)) {
    leaf.error = "too many certificates at once; try again in a second";
    return leaf;
  }
  auto certificate = source_.IssueLeaf(host->text, ask.public_key);
  if (certificate) {
    leaf.certificate = std::move(*certificate);
  } else {
    leaf.error = certificate.error().message;
  }
  return leaf;
}

namespace {

const vault::Binding* Named(const std::vector<const vault::Binding*>& bindings,
                            std::string_view name) {
  const auto found = std::ranges::find(bindings, name, &vault::Binding::name);
  return found != bindings.end() ? *found : nullptr;
}

}  // namespace

bool Permits::Allowed(const proxy::AskCredential& ask, Time now) {
  const policy::Verdict decided =
      DecideHost(ask.host, ask.port, policy::Protocol::kHttps, ask.caller);
  if (decided.action == policy::Action::kAllow) return true;
  const auto host = ParseHost(ask.host);
  if (!host || IsForbidden(decided)) return false;
  if (std::ranges::any_of(tickets_, [&](const auto& one) {
        return one.second.host == host->text && one.second.port == ask.port;
      })) {
    return true;
  }
  if (HasPass(ask)) return true;
  if (decided.action == policy::Action::kDeny) return false;
  const About about = HostAbout(host->text, ask.port, decided, ask.caller.get());
  return asking_.Remembered(about.Key(), now).has_value();
}

const vault::Binding* Permits::StillHolds(const proxy::AskCredential& ask, Time now) {
  if (ask.binding == proxy::kUpstreamProxyBinding) {
    proxy_binding_.name = ask.binding;
    proxy_binding_.credential = settings_.proxy.credential;
    return settings_.proxy.credential.empty() ? nullptr : &proxy_binding_;
  }
  if (!Allowed(ask, now)) return nullptr;
  const vault::Binding* binding =
      Named(Bound(ParseHost(ask.host)->text, ask.port, ask.caller.get()), ask.binding);
  return binding != nullptr && binding->scope.Covers(ask.method, ask.path) ? binding : nullptr;
}

// Whose connection it is may have changed since the verdict: that is told as what it is.
proxy::Credential Permits::NotHeld(const proxy::AskCredential& ask) {
  if (!ToldApart(ParseHost(ask.host)->text)) return NoLonger(ask);
  const vault::Binding* binding = Named(source_.Applicable(ask.host, ask.port), ask.binding);
  auto kept = binding != nullptr ? KeptBack(ask, *binding) : std::nullopt;
  return kept ? std::move(*kept) : NoLonger(ask);
}

namespace {

vault::AwsScope ScopeOf(const proxy::AskCredential& ask) {
  return {ask.date, ask.region, ask.service};
}

}  // namespace

// Nothing when the question names a scope exactly where the binding signs, and signs for it.
Result<std::optional<proxy::Credential>> Permits::CheckScope(const proxy::AskCredential& ask,
                                                             const vault::Binding& binding,
                                                             Time now) {
  const vault::AwsScope scope = ScopeOf(ask);
  if (binding.scheme != vault::Scheme::kSigV4) {
    if (scope.date.empty() && scope.region.empty() && scope.service.empty()) return std::nullopt;
    return Fail(Code::kDenied, "a signing key of binding {}, which has none", binding.name);
  }
  // The client wrote the scope, so a wrong one is its mistake and no violation.
  if (auto valid = vault::CheckAwsScope(scope, now); !valid) {
    return Refuse(ask, "signature_scope", valid.error().message,
                  "check the client's clock and region");
  }
  if ((!binding.region.empty() && binding.region != scope.region) ||
      (!binding.service.empty() && binding.service != scope.service)) {
    return Refuse(ask, "signature_scope",
                  fmt::format("the binding {} does not sign for {} in {}", binding.name,
                              scope.service, scope.region),
                  "see \"aileron binding show\" on the host");
  }
  return std::nullopt;
}

// A rule lists the credentials of this request, and this one is not among them.
std::optional<proxy::Credential> Permits::KeptBack(const proxy::AskCredential& ask,
                                                   const vault::Binding& binding) const {
  const auto host = ParseHost(ask.host);
  const policy::CredentialRule* rule =
      settings_.credentials.Against({.host = host->text,
                                     .port = ask.port,
                                     .method = ask.method,
                                     .path = ask.path,
                                     .doubt = {ask.overrides_method, ask.overrides_path},
                                     .caller = ask.caller.get()},
                                    binding.credential);
  if (rule == nullptr) return std::nullopt;
  std::string why =
      fmt::format("the credential {} may not go along with this request by the rule {}",
                  binding.credential, rule->id);
  if (ask.caller != nullptr &&
      !policy::HoldsFor(rule->by, policy::Action::kAllow, ask.caller.get())) {
    why += fmt::format(", which is about {}: this connection {}", Printable(rule->by),
                       Printable(ask.caller->text()));
  }
  proxy::Credential refused =
      Refuse(ask, "credential_kept_back", std::move(why), "see that rule on the host");
  refused.denied = true;
  return refused;
}

Result<Permits::Answer> Permits::OnCredential(proxy::AskCredential ask, Time now) {
  if (ask.binding == proxy::kUpstreamProxyBinding) {
    if (const vault::Binding* binding = StillHolds(ask, now)) {
      return Wait(std::move(ask), *binding, Time::max());
    }
  }
  const auto host = ParseHost(ask.host);
  if (!host || !grants_.contains(GrantKey(ask.binding, host->text, ask.port))) {
    if (host && forgotten_) {
      return Refuse(ask, "not_permitted", "the verdict on this host was forgotten", "try again");
    }
    return Fail(Code::kDenied, "the credential of binding {} for {}:{}, which no verdict named",
                Printable(std::string_view(ask.binding).substr(0, 100)),
                Printable(std::string_view(ask.host).substr(0, 100)), ask.port);
  }
  if (const std::string outage = source_.Outage(); !outage.empty()) {
    return Refuse(ask, "audit_unavailable", outage, "see \"aileron status\" on the host");
  }
  AILERON_ASSIGN(auto without, CheckPass(ask));
  if (without) return std::move(*without);
  const vault::Binding* binding = StillHolds(ask, now);
  if (binding == nullptr) return NotHeld(ask);
  if (auto kept = KeptBack(ask, *binding)) return std::move(*kept);
  AILERON_ASSIGN(auto refused, CheckScope(ask, *binding, now));
  if (refused) return std::move(*refused);
  if (!Confirmed(ask, *binding, now)) return AskAboutCredential(std::move(ask), *binding, now);
  const Time until = HoldsUntil(ask, *binding, now);
  return Wait(std::move(ask), *binding, until);
}

Permits::Answer Permits::Wait(proxy::AskCredential ask, const vault::Binding& binding, Time until) {
  if (asks_waiting_ >= limits::kAsksWaiting) {
    return Refuse(ask, "credential_busy", "too many requests wait for a credential",
                  "try again in a moment");
  }
  ++asks_waiting_;
  for (auto& [ticket, waiting] : waiting_) {
    if (waiting.binding != binding || waiting.withdrawn != withdrawn_) continue;
    waiting.asks.push_back({std::move(ask), until});
    return Nothing{};
  }
  const std::uint64_t ticket = next_ticket_++;
  Waiting& waiting = waiting_[ticket];
  waiting.binding = binding;
  waiting.withdrawn = withdrawn_;
  waiting.asks.push_back({std::move(ask), until});
  return Open{ticket, binding};
}

std::vector<proxy::Credential> Permits::Opened(std::uint64_t ticket, const OpenedCredential& opened,
                                               Time now) {
  const auto found = waiting_.find(ticket);
  AILERON_CHECK(found != waiting_.end());  // each Open is told of once
  const Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  asks_waiting_ -= waiting.asks.size();
  const std::string outage = source_.Outage();
  std::vector<proxy::Credential> answers;
  for (const auto& [ask, until] : waiting.asks) {
    if (!outage.empty()) {
      answers.push_back(
          Refuse(ask, "audit_unavailable", outage, "see \"aileron status\" on the host"));
      continue;
    }
    const vault::Binding* binding = StillHolds(ask, now);
    const bool same = binding != nullptr && *binding == waiting.binding;
    if (auto kept = same ? KeptBack(ask, *binding) : std::nullopt) {
      answers.push_back(*std::move(kept));
      continue;
    }
    // A yes that was withdrawn meanwhile opens nothing.
    const bool asked = ask.pass != 0 || waiting.binding.approval != vault::Approval::kNone;
    const bool holds = !asked || waiting.withdrawn == withdrawn_;
    answers.push_back(same && holds ? Give(ask, waiting.binding, opened, until, now)
                                    : NoLonger(ask));
  }
  return answers;
}

proxy::Credential Permits::Give(const proxy::AskCredential& ask, const vault::Binding& binding,
                                const OpenedCredential& opened, Time until, Time now) {
  if (!opened) {
    const Unopened& why = opened.error();
    return Refuse(
        ask, why.code,
        fmt::format("{} needs the credential {}: {}", ask.host, binding.credential, why.message),
        why.hint);
  }
  proxy::Credential answer{.id = ask.id};
  answer.keep_ms = opened->keep == kKeepUntilRevoked
                       ? proxy::kKeepUntilRevoked
                       : static_cast<std::uint64_t>(opened->keep.count());
  answer.keep_ms = std::min(answer.keep_ms, KeepUntil(until, now));
  if (binding.scheme == vault::Scheme::kSigV4) {
    auto key = vault::DeriveAwsKey(opened->secret, ScopeOf(ask));
    if (!key) {
      return Refuse(ask, "credential_unusable",
                    fmt::format("the credential {} cannot be used", binding.credential),
                    fmt::format("run \"aileron secret set {}\" on the host", binding.credential));
    }
    answer.secret = std::move(*key);
    return answer;
  }
  if (opened->secret.size() > limits::kCredentialMax) {
    return Refuse(ask, "credential_too_large",
                  fmt::format("the credential {} is too large to be sent", binding.credential), "");
  }
  answer.secret = opened->secret.Duplicate();
  return answer;
}

}  // namespace aileron::daemon
