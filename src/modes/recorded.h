// Recorded: what the audit log says of requests and commands, as policies are asked about them.
// Tested by tests/policy/test_policy_learn.py.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/client.h"
#include "policy/comparison.h"

namespace aileron::modes {

struct Recorded {
  policy::Subject subject;
  policy::Opinion opinion;  // what became of it
  std::string credential;
  std::uint64_t count = 1;
};

// Of a session, or since a time (RFC 3339), or both; the same things once, in the order of the
// first. Which protocol was spoken is told by the port: 80 is http, any other https.
Result<std::vector<Recorded>> ReadRecorded(control::Client& client, const std::string& session,
                                           const std::string& since);

}  // namespace aileron::modes
