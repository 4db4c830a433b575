// Grant: a remembered decision. Most remember a yes; a no can be remembered, too, and beats it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "approval/approval.h"
#include "approval/scope.h"
#include "base/time.h"

namespace aileron::approval {

struct Grant {
  std::string id;  // ULID
  Answer answer = Answer::kApprove;
  Subject subject = Subject::kHost;
  std::string key;      // as it is shown
  std::string session;  // empty: every session
  ScopeKind scope = ScopeKind::kSession;
  std::optional<std::int64_t> uses_left;  // of kTimes
  std::optional<Time> expires;            // of kUntil
  Time created{};
  std::string approval;  // whose decision it is
  std::string by;
};

// One line for a person: "allowed for this session: host api.example.com:443 (uid 1000, terminal)".
std::string Explain(const Grant& grant);

}  // namespace aileron::approval
