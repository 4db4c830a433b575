// AuditLog: the append-only, chained, signed record of what happened.
//
//   audit.db     records: seq (from 1, no gaps), body (record.h),
//                         hash = SHA-256(hash before ‖ seq as 8 bytes, big-endian ‖ body);
//                         the hash before the first is that of the log's random id
//                head: the last seq and hash, signed (Ed25519), renewed with each batch
//                checkpoints: the same, kept: every limits::kCheckpointEvery records and at close
//   audit.head   the head again, outside the database: a log cut short does not reach it
//   audit.key    the signing key's seed, mode 0600
//
// What it shows: an edited, deleted, reordered or missing record, by number. What it cannot show:
// that someone who has the key (root, or this user outside a sandbox) wrote the log anew, or
// brought back an older copy of all three files together. Keep exports elsewhere for that.
//
// A batch is one transaction, on the disk when Append returns. When an Append fails (disk full),
// nothing of the batch is kept and the next one continues the chain. When the end of the log was
// found changed at open, a record in front of the next batch says so, for good ("audit_break").
// seq orders the log, not the clock: a record whose time is earlier than the one before it is kept
// with its time and "clock_back".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "audit/verify.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "store/database.h"

namespace aileron::audit {

// The records first..last were kept under these numbers.
struct Appended {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

enum class Order { kOldestFirst, kNewestFirst };

struct Query {
  std::optional<std::string> session;
  std::optional<Time> since;
  std::uint64_t after_seq = 0;
  std::size_t limit = 100;  // at most limits::kQueryMax
  Order order = Order::kOldestFirst;
};

class AuditLog {
 public:
  // Makes what is missing. kInvalid when there are records but no key, or a file is damaged.
  static Result<AuditLog> Open(const std::string& folder);

  AuditLog(AuditLog&&) noexcept;
  AuditLog& operator=(AuditLog&&) = delete;
  // Closes (see Close); what fails then is logged.
  ~AuditLog();

  // Keeps all of `records` (at most limits::kBatchMax) or none.
  Result<Appended> Append(std::span<const Record> records);
  Result<Appended> Append(const Record& record) { return Append({&record, 1}); }

  Result<std::vector<StoredRecord>> Find(const Query& query) const;
  // kNotFound.
  Result<StoredRecord> Get(std::uint64_t seq) const;
  std::uint64_t last_seq() const;

  Result<VerifyReport> Verify() const { return VerifyLog(paths()); }
  const LogPaths& paths() const;

  // Signs a last checkpoint. Appending goes on to work.
  Status Close();

  // For tests of a full disk.
  store::Database& database();

 private:
  struct State;
  explicit AuditLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace aileron::audit
