// Tested by src/daemon/permits_test.cc.

#include "daemon/permit_answers.h"

#include "policy/decision.h"

namespace aileron::daemon {

policy::Protocol ProtocolOf(proxy::Scheme scheme) {
  switch (scheme) {
    case proxy::Scheme::kHttp:
      return policy::Protocol::kHttp;
    case proxy::Scheme::kHttps:
      return policy::Protocol::kHttps;
    case proxy::Scheme::kTcp:
      break;
  }
  return policy::Protocol::kTcp;
}

std::uint64_t KeepUntil(Time until, Time now) {
  if (until == Time::max()) return proxy::kKeepUntilRevoked;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 0));
}

proxy::Verdict ToWire(std::uint64_t id, policy::Verdict verdict) {
  proxy::Verdict wire{.id = id};
  // What would ask is refused where nobody is asked, with the hint that says how to allow it.
  wire.action =
      verdict.action == policy::Action::kAllow ? proxy::Action::kAllow : proxy::Action::kDeny;
  wire.reason = std::move(verdict.reason);
  wire.hint = std::move(verdict.hint);
  wire.rule = std::move(verdict.rule);
  wire.code = verdict.code;
  wire.address_rule = verdict.address_rule == policy::AddressRule::kAny
                          ? proxy::AddressRule::kAny
                          : proxy::AddressRule::kPublicOnly;
  return wire;
}

proxy::Verdict Deny(std::uint64_t id, std::string_view code, std::string rule, std::string reason,
                    std::string hint) {
  return {.id = id,
          .action = proxy::Action::kDeny,
          .reason = std::move(reason),
          .hint = std::move(hint),
          .rule = std::move(rule),
          .code = std::string(code)};
}

std::optional<proxy::Verdict> DenyInside(std::uint64_t id, const std::string& host,
                                         const std::string& rule) {
  std::string reason = policy::InsideReason(host);
  if (reason.empty()) return std::nullopt;
  return Deny(id, policy::kCodeAddressDenied, rule, std::move(reason),
              fmt::format("if that is meant: aileron launch --allow {}", host));
}

proxy::Verdict AllowUntil(std::uint64_t id, const Asking::Yes& yes, Time now) {
  return {.id = id,
          .action = proxy::Action::kAllow,
          .keep_ms = KeepUntil(yes.until, now),
          .rule = yes.rule};
}

proxy::Verdict NotYet(std::uint64_t id, std::string_view what, const Approvals::Said& said) {
  const bool pending = said.kind == Approvals::Said::Kind::kPending;
  return {.id = id,
          .action = proxy::Action::kDeny,
          .keep_ms = 0,
          .reason = pending ? fmt::format("{} waits for a person's yes", what)
                            : fmt::format("{} is not allowed: {}", what, said.message),
          .hint = pending ? said.message : "",
          .rule = said.rule,
          .code = said.code,
          .approval = pending ? said.approval : ""};
}

proxy::Verdict TooMany(std::uint64_t id) {
  return {.id = id,
          .action = proxy::Action::kDeny,
          .keep_ms = 0,
          .reason = "too many requests wait for the same answer",
          .hint = "send fewer, and wait for it",
          .rule = "approvals",
          .code = "too_many_questions"};
}

proxy::RequestAnswer Refused(const proxy::Verdict& verdict) {
  return {.id = verdict.id,
          .next = proxy::Next::kRefuse,
          .reason = verdict.reason,
          .hint = verdict.hint,
          .rule = verdict.rule,
          .code = verdict.code,
          .approval = verdict.approval};
}

proxy::Credential Refuse(const proxy::AskCredential& ask, std::string_view code,
                         std::string message, std::string hint) {
  return {.id = ask.id,
          .code = std::string(code),
          .message = std::move(message),
          .hint = std::move(hint)};
}

proxy::Credential NoLonger(const proxy::AskCredential& ask) {
  return Refuse(ask, "not_permitted", fmt::format("the binding {} no longer holds", ask.binding),
                "try again");
}

proxy::Credential Denied(const proxy::AskCredential& ask, const proxy::Verdict& verdict) {
  proxy::Credential denied = Refuse(ask, verdict.code, verdict.reason, verdict.hint);
  denied.approval = verdict.approval;
  denied.denied = verdict.approval.empty();
  return denied;
}

}  // namespace aileron::daemon
