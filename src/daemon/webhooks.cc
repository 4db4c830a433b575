// Tested by tests/approval/test_webhooks.py.

#include "daemon/webhooks.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "daemon/limits.h"

namespace aileron::daemon {

namespace {

constexpr int kGone = 410;

bool IsTaken(int status) { return status >= 200 && status < 300; }

// A URL may be as good as a password where it is served: what is kept beside the events is its
// hash.
std::string FollowerName(const Webhook& webhook) {
  return "webhook " + HexEncode(crypto::Hash(webhook.written));
}

}  // namespace

WebhookSender::WebhookSender(WebhookWorld& world, Webhook webhook, std::string name)
    : world_(world),
      webhook_(std::move(webhook)),
      name_(std::move(name)),
      again_(world.loop, [this] {
        again_.Cancel();
        Look();
      }) {}

WebhookSender::State WebhookSender::state() const {
  if (fetch_ != nullptr) return State::kSending;
  if (again_.armed()) return State::kWaiting;
  return stuck_ ? State::kStuck : State::kIdle;
}

void WebhookSender::TryAgain() {
  stuck_ = false;
  Look();
}

void WebhookSender::Look() {
  if (fetch_ != nullptr || again_.armed() || stuck_) return;
  if (!message_) {
    if (auto found = FindNext(); !found) {
      problem_ = found.error().message;
      again_.Set(PauseAfter(++failures_));
      return;
    }
  }
  if (message_) Send();
}

// Where it was; the end of the events for one that was never there.
Status WebhookSender::TakePlace() {
  if (seq_) return {};
  approval::Queue& queue = world_.approvals.queue();
  AILERON_ASSIGN(seq_, queue.Place(name_));
  if (seq_) return {};
  AILERON_ASSIGN(const approval::Events events, queue.EventsAfter(0, 1));
  AILERON_TRY(queue.SetPlace(name_, events.last));
  seq_ = events.last;
  return {};
}

Status WebhookSender::FindNext() {
  AILERON_TRY(TakePlace());
  approval::Queue& queue = world_.approvals.queue();
  while (true) {
    AILERON_ASSIGN(const approval::Events events, queue.EventsAfter(*seq_, limits::kEventsPage));
    if (events.gap) {
      LogWarning("the webhook at {} has missed events: too many came since it was last there",
                 webhook_.url.Authority());
      seq_ = events.last;
      return {};
    }
    for (const approval::Event& event : events.events) {
      const auto occasion = OccasionOf(event.change);
      if (occasion && webhook_.Wants(*occasion)) {
        const auto approval = queue.Get(event.approval);
        if (approval) {
          message_ = MessageOf(event, *occasion, *approval);
          next_ = event.seq;
          tries_ = 0;
          return {};
        }
        // One that is not there any more was pruned: it is long over.
        if (approval.error().code != Code::kNotFound) return std::unexpected(approval.error());
      }
      seq_ = event.seq;
    }
    if (events.events.size() < limits::kEventsPage) return {};
  }
}

void WebhookSender::Send() {
  const auto entry = world_.vault.Open(webhook_.secret);
  if (!entry) return Stick(entry.error().message);
  auto request = WebhookRequest(webhook_, *message_, *entry, Now());
  if (!request) return Stick(request.error().message);
  ++tries_;
  fetch_ = std::make_unique<fetch::Fetch>(
      world_.loop, *std::move(request),
      [this](const Result<fetch::Response>& answer) { OnAnswer(answer); });
}

// Nothing can be sent until the vault changes; that is no failure of the receiver's.
void WebhookSender::Stick(std::string why) {
  if (why != problem_) {
    LogWarning("the webhook at {} is not told: {}", webhook_.url.Authority(), why);
  }
  problem_ = std::move(why);
  stuck_ = true;
}

void WebhookSender::OnAnswer(const Result<fetch::Response>& answer) {
  fetch_.reset();
  if (answer && IsTaken(answer->status)) {
    problem_.clear();
    failures_ = 0;
    ++delivered_;
    return PutAside("");
  }
  problem_ = !answer ? answer.error().message
                     : fmt::format("{} answered with {}", webhook_.url.Authority(), answer->status);
  again_.Set(PauseAfter(++failures_, answer ? answer->RetryAfter() : std::nullopt));
  const bool gone = answer && answer->status == kGone;
  if (gone || tries_ >= limits::kWebhookTries) PutAside(problem_);
}

// `audited` says why it was given up; empty when it was taken.
void WebhookSender::PutAside(std::string_view audited) {
  if (!audited.empty()) {
    LogWarning("a webhook is not told of {}: {}", message_->id, audited);
    world_.audit.Event("webhook.given_up", "deny",
                       fmt::format("{} after {} tries: {}", message_->id, tries_, audited));
  }
  message_.reset();
  seq_ = next_;
  if (auto kept = world_.approvals.queue().SetPlace(name_, next_); !kept) {
    LogError("cannot keep how far a webhook is: {}", kept.error().message);
  }
  Look();
}

Webhooks::~Webhooks() {
  if (watcher_) world_.approvals.Unwatch(*watcher_);
}

void Webhooks::Use(const std::vector<Webhook>& webhooks) {
  std::map<std::string, std::unique_ptr<WebhookSender>> before;
  before.swap(senders_);
  std::vector<std::string> names;
  for (const Webhook& webhook : webhooks) {
    names.push_back(FollowerName(webhook));
    auto& sender = senders_[webhook.written];
    const auto same = before.find(webhook.written);
    if (same != before.end() && same->second->webhook() == webhook) {
      sender = std::move(same->second);
    } else {
      sender = std::make_unique<WebhookSender>(world_, webhook, names.back());
    }
  }
  if (auto kept = world_.approvals.queue().KeepPlaces(names); !kept) {
    LogError("cannot forget the places of webhooks: {}", kept.error().message);
  }
  if (senders_.empty() && watcher_) {
    world_.approvals.Unwatch(*std::exchange(watcher_, std::nullopt));
  } else if (!senders_.empty() && !watcher_) {
    watcher_ = world_.approvals.Watch([this](const approval::Event&) { Grown(); });
  }
  for (const auto& [url, sender] : senders_) sender->Look();
}

// Later, and once for many: the queue is in a call, whose answer somebody waits for.
void Webhooks::Grown() {
  if (std::exchange(posted_, true)) return;
  world_.loop.Post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    posted_ = false;
    for (const auto& [url, sender] : senders_) sender->Look();
  });
}

void Webhooks::TryAgain() {
  world_.loop.Post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    for (const auto& [url, sender] : senders_) sender->TryAgain();
  });
}

bool Webhooks::busy() const {
  for (const auto& [url, sender] : senders_) {
    const auto state = sender->state();
    if (state == WebhookSender::State::kSending || state == WebhookSender::State::kWaiting) {
      return true;
    }
  }
  return false;
}

void Webhooks::Test(const std::string& url, Tested tested) {
  const auto known = senders_.find(url);
  if (known == senders_.end()) {
    return tested(Fail(Code::kNotFound, "approvals.yaml names no such webhook"));
  }
  if (tests_.size() >= limits::kWebhookTests) {
    return tested(Fail(Code::kUnavailable, "others are being tested. Try again in a moment."));
  }
  const Webhook& webhook = known->second->webhook();
  const auto entry = world_.vault.Open(webhook.secret);
  if (!entry) return tested(std::unexpected(entry.error()));
  auto request = WebhookRequest(webhook, TestMessage(Now()), *entry, Now());
  if (!request) return tested(std::unexpected(request.error()));
  const std::uint64_t number = next_test_++;
  tests_[number] = std::make_unique<fetch::Fetch>(
      world_.loop, *std::move(request),
      [this, number, tested = std::move(tested)](const Result<fetch::Response>& answer) {
        tests_.erase(number);
        if (!answer) return tested(std::unexpected(answer.error()));
        tested(answer->status);
      });
}

}  // namespace aileron::daemon
