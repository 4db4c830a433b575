// Tested by src/policy/programs_test.cc.

#include "policy/caller.h"

namespace aileron::policy {

command::Share Caller::ShareOf(std::string_view by) const {
  const auto found = shares_.find(by);
  return found == shares_.end() ? otherwise_ : found->second;
}

bool HoldsFor(std::string_view by, Action action, const Caller* caller) {
  if (by.empty()) return true;
  if (caller == nullptr) return action != Action::kAllow;
  const command::Share share = caller->ShareOf(by);
  return action == Action::kAllow ? share.all : share.any;
}

}  // namespace aileron::policy
