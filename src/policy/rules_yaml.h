// The user's file of rules, rules.yaml in the folder of the configuration.
//
//   version: 1
//   network:
//     - host: api.github.com       a host pattern, an address, a range of addresses or "*"
//       port: 443                  without it: every port; of a rule that allows, 80 and 443
//       method: [POST, PUT]        one or a list; without it all
//       path: /repos/**            a path pattern (base/path_pattern.h) or a list; without it all
//       action: ask                allow | ask | deny
//
// A rule with neither method nor path is one about the host (network.h); one with a method or a
// path is one about requests (request_rules.h), and names a host. The file is strict: an unknown or
// repeated key, a wrong type or a bad value is an error with file, line and column. Text in, values
// out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/network.h"
#include "policy/request_rules.h"

namespace aileron::policy {

struct RulesFile {
  std::vector<Rule> hosts;
  std::vector<RequestRule> requests;
};

// `file` is for messages, and its last part for the ids of rules ("rules.yaml:4"). An empty text
// has no rules.
Result<RulesFile> ParseRules(std::string_view text, std::string_view file);

}  // namespace aileron::policy
