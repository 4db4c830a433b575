#include "daemon/webhook_message.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/ulid.h"
#include "crypto/hmac.h"
#include "daemon/approval_json.h"
#include "daemon/limits.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

constexpr std::string_view kEncoded = "whsec_";

std::string Body(std::string_view type, Time time, json data) {
  return JsonText({{"type", type}, {"timestamp", FormatTime(time)}, {"data", std::move(data)}});
}

}  // namespace

WebhookMessage MessageOf(const approval::Event& event, Occasion occasion,
                         const approval::Approval& approval) {
  approval::Approval told = approval;
  told.question.preview.clear();
  told.outcome.reset();
  json data = ToJson(told);
  data.erase("preview");
  if (approval.outcome) {
    data["outcome"] = {{"status", approval.outcome->status}, {"code", approval.outcome->code}};
  }
  return {.id = fmt::format("msg_{}_{}", approval.id, event.seq),
          .body = Body(fmt::format("approval.{}", OccasionName(occasion)), event.time,
                       std::move(data))};
}

WebhookMessage TestMessage(Time now) {
  const std::string id = Ulid::Make(now).ToString();
  return {.id = fmt::format("msg_{}_test", id), .body = Body("webhook.test", now, json::object())};
}

Result<Secret> WebhookKey(const Secret& entry) {
  std::string_view text = entry.Reveal();
  if (!text.starts_with(kEncoded)) return entry.Duplicate();
  text.remove_prefix(kEncoded.size());
  auto bytes = Base64Decode(Trim(text));
  if (!bytes || bytes->empty()) {
    return Fail(Code::kInvalid, "it begins with whsec_, and base 64 should follow");
  }
  Secret key(*bytes);
  Wipe(*bytes);
  return key;
}

std::string WebhookSignature(const Secret& key, std::string_view id, std::int64_t timestamp,
                             std::string_view body) {
  const crypto::Digest digest =
      crypto::HmacSha256(key.Reveal(), fmt::format("{}.{}.{}", id, timestamp, body));
  return "v1," + Base64Encode(crypto::AsText(digest));
}

Result<fetch::Request> WebhookRequest(const Webhook& webhook, const WebhookMessage& message,
                                      const Secret& entry, Time now) {
  auto key = WebhookKey(entry);
  if (!key) return Wrap(std::move(key.error()), "{} cannot be used", webhook.secret);
  const auto timestamp = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  return fetch::Request{.url = webhook.url,
                        .method = "POST",
                        .target = webhook.url.path,
                        .headers = {{"Content-Type", "application/json"},
                                    {"webhook-id", message.id},
                                    {"webhook-timestamp", std::to_string(timestamp)},
                                    {"webhook-signature",
                                     WebhookSignature(*key, message.id, timestamp, message.body)}},
                        .body = Secret(message.body),
                        .ca = webhook.ca,
                        .timeout = limits::kWebhookWait,
                        .body_max = limits::kWebhookBody,
                        .answer = fetch::Request::Answer::kStatusAlone};
}

Duration PauseAfter(int failures, std::optional<Duration> asked) {
  const int doublings = std::clamp(failures - 1, 0, 16);
  const Duration pause = limits::kWebhookPause * (1 << doublings);
  return std::min<Duration>(std::max(pause, asked.value_or(pause)), limits::kWebhookLongestPause);
}

}  // namespace aileron::daemon
