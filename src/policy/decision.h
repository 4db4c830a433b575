// Decision: what becomes of a request, by the rules about its host and those about itself.
// Tested by src/policy/evaluator_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "policy/network.h"
#include "policy/request_rules.h"

namespace aileron::policy {

struct RequestDecision {
  Action action = Action::kDeny;
  Verdict host;                          // on the host alone
  const RequestRule* request = nullptr;  // the rule that decided, if it is about requests
};

// What an address is that is not public, and so is opened by a rule that allows it alone, by no
// person's yes: "10.1.2.3 is a private address". Empty for others, and for names.
std::string InsideReason(std::string_view host);

// As the daemon decides (src/daemon/permit_decisions_test.cc holds both against each other): the
// connection first, then the request. `target.host` as ParseHost spells it, or a host that nothing
// allows.
RequestDecision DecideRequest(const Network& network, const RequestRules& requests,
                              RequestTarget target);

}  // namespace aileron::policy
