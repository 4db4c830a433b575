// What the verbs about questions ask of the daemon.
#pragma once

#include <string>
#include <string_view>

#include "modes/api.h"

namespace aileron::modes {

// "/v1/approvals/ID" and what follows.
std::string ApprovalPath(std::string_view id, std::string_view rest = "");
// In that state, or "all": without their arguments and previews.
Result<Json> ListApprovals(control::Client& client, std::string_view state);
// One, whole.
Result<Json> GetApproval(control::Client& client, std::string_view id);

struct Answer {
  std::string_view verb;  // approve or deny
  Json scope;             // null: once
  Json arguments;         // changed ones, or null
  std::string reason;
  std::string_view surface;  // where it was given
};
// The approval as it is then.
Result<Json> SendAnswer(control::Client& client, std::string_view id, const Answer& answer);

}  // namespace aileron::modes
