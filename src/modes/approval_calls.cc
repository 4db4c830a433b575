// Tested by tests/approval/test_approvals.py.

#include "modes/approval_calls.h"

#include "base/text.h"

namespace aileron::modes {

std::string ApprovalPath(std::string_view id, std::string_view rest) {
  return fmt::format("/v1/approvals/{}{}", PercentEncode(id), rest);
}

Result<Json> ListApprovals(control::Client& client, std::string_view state) {
  AILERON_ASSIGN(const Json answer,
                 GetJson(client, fmt::format("/v1/approvals?state={}&limit=2000", state)));
  return ListOf(answer, "approvals");
}

Result<Json> GetApproval(control::Client& client, std::string_view id) {
  return GetJson(client, ApprovalPath(id));
}

Result<Json> SendAnswer(control::Client& client, std::string_view id, const Answer& answer) {
  Json body = {{"surface", answer.surface}};
  if (!answer.scope.is_null()) body["scope"] = answer.scope;
  if (!answer.arguments.empty()) body["arguments"] = answer.arguments;
  if (!answer.reason.empty()) body["reason"] = answer.reason;
  return CallJson(client, "POST", ApprovalPath(id, fmt::format("/{}", answer.verb)), body);
}

}  // namespace aileron::modes
