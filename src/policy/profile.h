// Profiles: the network defaults that are compiled in (profiles/*.yaml), and the strict reader of
// their format.
//
//   version: 1
//   profile: guarded
//   default: ask                        allow | ask | deny: what happens to hosts no rule names
//   allow:                              likewise ask: and deny:
//     - group: npm                      names the rules in reasons and in the audit log
//       hosts: [registry.npmjs.org]     host[:port], "*.host[:port]"
//
// An unknown or repeated key, a wrong type or a bad host is an error with file and line.
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

// `file` is for messages alone.
Result<ProfileRules> ParseProfileFile(std::string_view text, std::string_view file);

// The text of a compiled-in profile, for `aileron help` and tests.
std::string_view ProfileText(Profile profile);
// Read once a process.
const ProfileRules& BuiltinProfile(Profile profile);

}  // namespace aileron::policy
