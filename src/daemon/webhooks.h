// Webhooks: tells addresses of the user's what is asked and decided (webhook_message.h).
//
// Each webhook follows the events on the disk from its own place, one message at a time, in order.
// The place moves when a message was taken or given up, so that a daemon that died goes on there:
// nothing is missed that is still among the events, and what is sent twice carries the same id. A
// message that is not taken is tried again, ever less often, and given up after
// limits::kWebhookTries. Nothing that a receiver answers is read but its status and how long to
// wait: a webhook tells, and decides nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/approvals.h"
#include "daemon/audit_service.h"
#include "daemon/surfaces.h"
#include "daemon/vault_service.h"
#include "daemon/webhook_message.h"
#include "fetch/fetch.h"

namespace aileron::daemon {

// What senders work with; borrowed from the daemon.
struct WebhookWorld {
  net::Loop& loop;
  Approvals& approvals;
  VaultService& vault;
  AuditService& audit;
};

// One webhook's messages.
class WebhookSender {
 public:
  // Goes on where it was; a webhook that is new begins with what happens next. `name` is its own
  // among the followers of the events.
  WebhookSender(WebhookWorld& world, Webhook webhook, std::string name);

  // Something happened, or may be possible now.
  void Look();
  // The vault has changed: what waited for its key may go.
  void TryAgain();

  enum class State { kIdle, kSending, kWaiting, kStuck };  // kStuck: until the vault changes
  State state() const;
  const Webhook& webhook() const { return webhook_; }
  std::uint64_t delivered() const { return delivered_; }
  // What went wrong last; empty once a message was taken.
  const std::string& problem() const { return problem_; }

 private:
  Status FindNext();
  void Send();
  void Stick(std::string why);
  void OnAnswer(const Result<fetch::Response>& answer);
  void PutAside(std::string_view audited);
  Status TakePlace();

  WebhookWorld& world_;
  Webhook webhook_;
  std::string name_;
  std::optional<std::int64_t> seq_;  // what is before it is done with
  std::int64_t next_ = 0;            // the number of `message_`
  std::optional<WebhookMessage> message_;
  int tries_ = 0;     // of `message_`
  int failures_ = 0;  // in a row
  bool stuck_ = false;
  std::uint64_t delivered_ = 0;
  std::string problem_;
  net::Timer again_;
  std::unique_ptr<fetch::Fetch> fetch_;
};

class Webhooks {
 public:
  explicit Webhooks(WebhookWorld world) : world_(world) {}
  ~Webhooks();

  // What the file says now.
  void Use(const std::vector<Webhook>& webhooks);
  void TryAgain();
  // A message is on its way, or will be tried again.
  bool busy() const;
  const std::map<std::string, std::unique_ptr<WebhookSender>>& senders() const { return senders_; }

  // Sends a test message once and tells the status, or why there is none. kNotFound when the file
  // names no such URL.
  using Tested = std::function<void(Result<int>)>;
  void Test(const std::string& url, Tested tested);

 private:
  void Grown();

  WebhookWorld world_;
  std::map<std::string, std::unique_ptr<WebhookSender>> senders_;  // by URL
  std::optional<std::uint64_t> watcher_;
  bool posted_ = false;
  std::map<std::uint64_t, std::unique_ptr<fetch::Fetch>> tests_;
  std::uint64_t next_test_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
