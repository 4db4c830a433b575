#include "approval/grant.h"

namespace aileron::approval {

namespace {

std::string Reach(const Grant& grant) {
  switch (grant.scope) {
    case ScopeKind::kAlways:
      return "always";
    case ScopeKind::kTimes:
      return fmt::format("{} more time{}", grant.uses_left.value_or(0),
                         grant.uses_left == 1 ? "" : "s");
    case ScopeKind::kUntil:
      if (grant.expires) return "until " + FormatTime(*grant.expires);
      break;
    case ScopeKind::kOnce:
    case ScopeKind::kSession:
      break;
  }
  return "for this session";
}

}  // namespace

std::string Explain(const Grant& grant) {
  return fmt::format("{} {}: {} (by {}, {})",
                     grant.answer == Answer::kApprove ? "allowed" : "denied", Reach(grant),
                     grant.key, grant.by, FormatTime(grant.created));
}

}  // namespace aileron::approval
