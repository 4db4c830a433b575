// Profiles: the network defaults that are compiled in: profiles/*.yaml, in the format of every
// policy file (document_yaml.h). Their rules are called PROFILE/NAME.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/network.h"

namespace aileron::policy {

struct ProfileRules {
  Profile profile = Profile::kLocked;
  Action fallback = Action::kDeny;
  std::vector<Rule> rules;
};

// The text of a compiled-in profile, for `aileron policy show` and tests.
std::string_view ProfileText(Profile profile);
// Read once a process.
const ProfileRules& BuiltinProfile(Profile profile);

}  // namespace aileron::policy
