// Tested by src/policy/evaluator_test.cc.
#include "policy/decision.h"

#include "policy/address.h"

namespace aileron::policy {

std::string InsideReason(std::string_view host) {
  const auto address = Address::Parse(host);
  if (!address || IsPublic(*address)) return {};
  return fmt::format("{} is {}", host, Describe(Classify(*address)));
}

RequestDecision DecideRequest(const Network& network, const RequestRules& requests,
                              RequestTarget target) {
  RequestDecision decision{
      .host = Decide(network, {target.host, target.port, target.protocol, target.caller})};
  const Action host = decision.host.action;
  decision.action = host;
  if (IsForbidden(decision.host)) return decision;
  if (host != Action::kAllow) {
    if (std::string inside = InsideReason(target.host); !inside.empty()) {
      decision.action = decision.host.action = Action::kDeny;
      decision.host.code = kCodeAddressDenied;
      decision.host.reason = std::move(inside);
      return decision;
    }
  }
  // A connection to a host that is denied is not made for a request that could only be asked about.
  if (host == Action::kDeny && !requests.MayAllow(target.host, target.port)) return decision;
  target.host_action = host;
  decision.request = requests.Decide(target);
  if (decision.request != nullptr) decision.action = decision.request->action;
  return decision;
}

}  // namespace aileron::policy
