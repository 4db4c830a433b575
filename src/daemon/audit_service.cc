// Tested by src/daemon/sessions_test.cc.

#include "daemon/audit_service.h"

#include "base/log.h"
#include "base/text.h"
#include "daemon/following.h"
#include "http/sse.h"

namespace aileron::daemon {

AuditService::AuditService(net::Loop& loop, audit::AuditLog log)
    : log_(std::move(log)), flush_(loop, [this] { (void)Flush(); }) {}

void AuditService::Add(audit::Record record) {
  waiting_.push_back(std::move(record));
  if (!healthy()) return;  // the retry is on its way
  if (waiting_.size() >= limits::kAuditBatch) {
    flush_.Set(std::chrono::seconds(0));
  } else if (!flush_.armed()) {
    flush_.Set(limits::kAuditFlush);
  }
}

void AuditService::Event(std::string_view kind, std::string_view action, std::string detail,
                         std::string_view session, std::string_view credential) {
  Add({.time = Now(),
       .kind = std::string(kind),
       .session = std::string(session),
       .actor = "daemon",
       .action = std::string(action),
       .credential = std::string(credential),
       .detail = std::move(detail)});
}

Status AuditService::Flush() {
  flush_.Cancel();
  while (!waiting_.empty()) {
    const std::size_t count = std::min(waiting_.size(), audit::limits::kBatchMax);
    const auto appended = log_.Append(std::span(waiting_).first(count));
    if (!appended) {
      SetProblem(appended.error().message);
      flush_.Set(limits::kAuditRetry);
      return std::unexpected(appended.error());
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (waiting_.capacity() > limits::kAuditBatch) waiting_.shrink_to_fit();
  SetProblem("");
  for (auto& [number, wake] : watchers_) wake();
  return {};
}

Status AuditService::Close() {
  AILERON_TRY(Flush());
  return log_.Close();
}

void AuditService::SetProblem(std::string problem) {
  const bool changed = problem.empty() != problem_.empty();
  problem_ = std::move(problem);
  if (!changed) return;
  if (healthy()) {
    LogInfo("the audit log can be written again");
  } else {
    LogError("the audit log cannot be written, so nothing new is allowed: {}", problem_);
  }
  if (on_health_) on_health_();
}

std::uint64_t AuditService::Watch(std::function<void()> wake) {
  watchers_.emplace(next_watcher_, std::move(wake));
  return next_watcher_++;
}

namespace {

class AuditStream final : public Following {
 public:
  AuditStream(net::Loop& loop, AuditService& audit, std::optional<std::string> session,
              std::uint64_t after_seq, std::function<bool()> ended)
      : Following(loop), audit_(audit), ended_(std::move(ended)) {
    query_.session = std::move(session);
    query_.after_seq = after_seq;
    query_.limit = limits::kAuditPage;
    watcher_ = audit_.Watch([this] { Grown(); });
  }
  ~AuditStream() override { audit_.Unwatch(watcher_); }

 private:
  Next Follow(std::string& out) override {
    // Asked before the log is read: what is written after this is in the next pull.
    const bool last = ended_ && ended_();
    if (last) (void)audit_.Flush();
    const auto records = audit_.log().Find(query_);
    if (!records) {
      http::AppendServerSentEvent("error", "", Printable(records.error().message), out);
      return Next::kEnd;
    }
    for (const audit::StoredRecord& record : *records) {
      http::AppendServerSentEvent("record", std::to_string(record.seq), record.ToJson(), out);
      query_.after_seq = record.seq;
    }
    if (records->size() == query_.limit) return Next::kMore;
    if (last) {
      http::AppendServerSentEvent("end", "", "{}", out);
      return Next::kEnd;
    }
    return Next::kWait;
  }

  AuditService& audit_;
  std::function<bool()> ended_;
  audit::Query query_;
  std::uint64_t watcher_ = 0;
};

class AuditExport final : public Source {
 public:
  AuditExport(AuditService& audit, audit::Query query) : audit_(audit), query_(std::move(query)) {
    query_.limit = limits::kAuditPage;
    last_ = audit_.log().last_seq();
  }
  Next Pull(std::string& out) override {
    const auto records = audit_.log().Find(query_);
    if (!records) {
      // The status line is gone already: say it in the log and end without a last chunk's worth.
      LogError("an export of the audit log ended early: {}", records.error().message);
      out += fmt::format("{{\"error\":\"the log cannot be read on\"}}\n");
      return Next::kEnd;
    }
    for (const audit::StoredRecord& record : *records) {
      if (record.seq > last_) return Next::kEnd;
      out += record.ToJson();
      out.push_back('\n');
      query_.after_seq = record.seq;
    }
    return records->size() == query_.limit ? Next::kMore : Next::kEnd;
  }

 private:
  AuditService& audit_;
  audit::Query query_;
  std::uint64_t last_ = 0;
};

}  // namespace

std::unique_ptr<Source> MakeAuditStream(net::Loop& loop, AuditService& audit,
                                        std::optional<std::string> session, std::uint64_t after_seq,
                                        std::function<bool()> ended) {
  return std::make_unique<AuditStream>(loop, audit, std::move(session), after_seq,
                                       std::move(ended));
}

std::unique_ptr<Source> MakeAuditExport(AuditService& audit, audit::Query query) {
  return std::make_unique<AuditExport>(audit, std::move(query));
}

}  // namespace aileron::daemon
