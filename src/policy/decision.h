// Decision: what becomes of a request, by the rules about its host and those about itself.
// Tested by src/policy/evaluator_test.cc.
#pragma once

#include "policy/network.h"
#include "policy/request_rules.h"

namespace aileron::policy {

struct RequestDecision {
  Action action = Action::kDeny;
  Verdict host;                          // on the host alone
  const RequestRule* request = nullptr;  // the rule that decided, if it is about requests
};

// As the daemon decides: the connection first, then the request. `target.host` as ParseHost spells
// it, or a host that nothing allows.
RequestDecision DecideRequest(const Network& network, const RequestRules& requests,
                              RequestTarget target);

}  // namespace aileron::policy
