// Tested by tests/approval/test_approvals.py.

#include "daemon/approval_json.h"

#include "base/text.h"
#include "daemon/following.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

json ToJson(const std::optional<Time>& time) {
  return time ? json(FormatTime(*time)) : json(nullptr);
}

class ApprovalStream final : public Following {
 public:
  ApprovalStream(net::Loop& loop, Approvals& approvals, std::int64_t seq)
      : Following(loop), approvals_(approvals), seq_(seq) {
    watcher_ = approvals_.Watch([this](const approval::Event&) { Grown(); });
  }
  ~ApprovalStream() override { approvals_.Unwatch(watcher_); }

 private:
  Next Follow(std::string& out) override {
    const auto events = approvals_.queue().EventsAfter(seq_, limits::kEventsPage);
    if (!events) {
      http::AppendServerSentEvent("error", "", Printable(events.error().message), out);
      return Next::kEnd;
    }
    if (events->gap) {
      seq_ = events->last;
      http::AppendServerSentEvent("gap", std::to_string(seq_), "{}", out);
      return Next::kMore;
    }
    for (const approval::Event& event : events->events) {
      http::AppendServerSentEvent(approval::ChangeName(event.change), std::to_string(event.seq),
                                  JsonText(Describe(event)), out);
      seq_ = event.seq;
    }
    return events->events.size() == limits::kEventsPage ? Next::kMore : Next::kWait;
  }

  // With the approval as it is now, so that a watcher need not ask for each.
  json Describe(const approval::Event& event) const {
    json object = {{"seq", event.seq},
                   {"time", FormatTime(event.time)},
                   {"change", approval::ChangeName(event.change)},
                   {"session", event.session},
                   {"grant", event.grant}};
    if (!event.approval.empty()) {
      const auto approval = approvals_.queue().Get(event.approval);
      object["approval"] = approval ? daemon::ToJson(*approval) : json{{"id", event.approval}};
    }
    return object;
  }

  Approvals& approvals_;
  std::int64_t seq_;
  std::uint64_t watcher_ = 0;
};

}  // namespace

json ToJson(const approval::Outcome& outcome) {
  return {{"status", outcome.status}, {"content_type", outcome.content_type},
          {"body", outcome.body},     {"body_size", outcome.body_size},
          {"code", outcome.code},     {"message", outcome.message}};
}

// Member by member: a list of thousands would spend most of its time on the pairs of a braced one.
json ToJson(const approval::Approval& approval) {
  const approval::Question& question = approval.question;
  json fields = json::array();
  for (const approval::Field& field : question.fields) {
    json& one = fields.emplace_back(json::object());
    one["name"] = field.name;
    one["value"] = field.value;
  }
  json object = json::object();
  object["id"] = approval.id;
  object["state"] = approval::StateName(approval.state);
  object["subject"] = approval::SubjectName(question.subject);
  object["session"] = question.session;
  object["agent"] = question.agent;
  object["project"] = question.project;
  object["title"] = question.title;
  object["fields"] = std::move(fields);
  object["opens"] = question.opens;
  object["credential"] = question.credential;
  object["preview"] = question.preview;
  object["editable"] = question.editable;
  object["created"] = FormatTime(approval.created);
  object["expires"] = FormatTime(question.expires);
  object["decided"] = ToJson(approval.decided);
  object["decided_by"] = approval.decided_by;
  object["reason"] = approval.reason;
  object["edited"] = approval.edited;
  object["finished"] = ToJson(approval.finished);
  if (approval.decided) object["scope"] = approval::ScopeText(approval.scope);
  if (approval.outcome) object["outcome"] = ToJson(*approval.outcome);
  return object;
}

json ToJson(const approval::Grant& grant) {
  json object = {{"id", grant.id},
                 {"answer", approval::AnswerName(grant.answer)},
                 {"subject", approval::SubjectName(grant.subject)},
                 {"key", grant.key},
                 {"session", grant.session},
                 {"scope", approval::ScopeName(grant.scope)},
                 {"uses_left", nullptr},
                 {"expires", ToJson(grant.expires)},
                 {"created", FormatTime(grant.created)},
                 {"approval", grant.approval},
                 {"by", grant.by},
                 {"explained", approval::Explain(grant)}};
  if (grant.uses_left) object["uses_left"] = *grant.uses_left;
  return object;
}

std::unique_ptr<Source> MakeApprovalStream(net::Loop& loop, Approvals& approvals,
                                           std::int64_t seq) {
  return std::make_unique<ApprovalStream>(loop, approvals, seq);
}

}  // namespace aileron::daemon
