// WebhookMessage: what a webhook is told, signed as Standard Webhooks 1.0 says.
//
//   webhook-id: msg_…                  the same whenever the same message is sent again
//   webhook-timestamp: 1795651200      seconds since 1970, of this try
//   webhook-signature: v1,BASE64       HMAC-SHA-256 of "id.timestamp.body"
//
//   { "type": "approval.created", "timestamp": "…", "data": { what GET /v1/approvals/{id} shows } }
//
// Without preview and results: they are what a site answered, and stay here. Every text was made
// safe to show, and every value masked, when it was asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "approval/approval.h"
#include "approval/event.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "daemon/surfaces.h"
#include "fetch/fetch.h"

namespace aileron::daemon {

struct WebhookMessage {
  std::string id;
  std::string body;
};

WebhookMessage MessageOf(const approval::Event& event, Occasion occasion,
                         const approval::Approval& approval);
// Says nothing but that it is a test.
WebhookMessage TestMessage(Time now);

// What is signed with: the bytes behind "whsec_" in base 64, or all of the entry as it is.
// kInvalid.
Result<Secret> WebhookKey(const Secret& entry);
std::string WebhookSignature(const Secret& key, std::string_view id, std::int64_t timestamp,
                             std::string_view body);

// `entry` is what the vault holds. Of the answer only the status is read.
Result<fetch::Request> WebhookRequest(const Webhook& webhook, const WebhookMessage& message,
                                      const Secret& entry, Time now);

// How long to wait after so many failures in a row, and what the receiver asked for.
Duration PauseAfter(int failures, std::optional<Duration> asked = std::nullopt);

}  // namespace aileron::daemon
