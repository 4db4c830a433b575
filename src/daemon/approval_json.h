// Approvals, grants and their events as the APIs show them (api/openapi.yaml). Every text was made
// safe to show when it was asked (approval/shown_text.h).
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>

#include "approval/approval.h"
#include "approval/grant.h"
#include "daemon/approvals.h"
#include "daemon/request.h"

namespace aileron::daemon {

nlohmann::json ToJson(const approval::Outcome& outcome);
nlohmann::json ToJson(const approval::Approval& approval);
nlohmann::json ToJson(const approval::Grant& grant);

// Server-sent events of the queue after number `seq`, then each as it happens. A watcher that comes
// back with its last number misses none; one that was away too long hears "gap", and lists anew.
//
//   id: 7 / event: asked / data: {the event, with its approval}
std::unique_ptr<Source> MakeApprovalStream(net::Loop& loop, Approvals& approvals, std::int64_t seq);

}  // namespace aileron::daemon
