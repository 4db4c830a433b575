// AuditService: the daemon's way to the audit log.
//
// Records are kept for a moment and written in batches. When the disk refuses a batch nothing is
// dropped: the records wait, and until they are on the disk healthy() is false and nobody is
// granted anything new (fail closed). Streams follow the log by number, so a slow reader costs
// nothing and misses nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/limits.h"
#include "audit/log.h"
#include "daemon/limits.h"
#include "daemon/request.h"
#include "net/loop.h"

namespace aileron::daemon {

class AuditService {
 public:
  AuditService(net::Loop& loop, audit::AuditLog log);

  void Add(audit::Record record);
  // An event of the daemon's own: kind, action, and a short detail without secrets.
  void Event(std::string_view kind, std::string_view action, std::string detail,
             std::string_view session = {}, std::string_view credential = {});
  // Writes what waits. An error leaves it waiting.
  Status Flush();
  // Flushes and signs the last checkpoint.
  Status Close();

  bool healthy() const { return problem_.empty(); }
  // Why not, with the way out; empty when healthy.
  const std::string& problem() const { return problem_; }
  // So much waits that workers must wait too.
  bool full() const { return waiting_.size() >= limits::kAuditQueue; }
  // Called whenever healthy() has changed.
  void set_on_health(std::function<void()> on_health) { on_health_ = std::move(on_health); }

  const audit::AuditLog& log() const { return log_; }
  audit::AuditLog& log() { return log_; }

  // `wake` is called after records were written, until Unwatch.
  std::uint64_t Watch(std::function<void()> wake);
  void Unwatch(std::uint64_t watcher) { watchers_.erase(watcher); }

 private:
  void SetProblem(std::string problem);

  audit::AuditLog log_;
  net::Timer flush_;
  std::vector<audit::Record> waiting_;
  std::string problem_;
  std::function<void()> on_health_;
  std::map<std::uint64_t, std::function<void()>> watchers_;
  std::uint64_t next_watcher_ = 0;
};

// Server-sent events of the log: those already there after `after_seq`, then each as it is written.
//
//   id: 7 / event: record / data: {the record}        ending, when `ended` says so, with event: end
std::unique_ptr<Source> MakeAuditStream(net::Loop& loop, AuditService& audit,
                                        std::optional<std::string> session, std::uint64_t after_seq,
                                        std::function<bool()> ended);

// The records up to the newest one there is now, one JSON object a line.
std::unique_ptr<Source> MakeAuditExport(AuditService& audit, audit::Query query);

}  // namespace aileron::daemon
