// ApprovalTable: the approvals in state/approvals.db. Each call is part of the caller's
// transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approval.h"
#include "approval/question.h"
#include "approval/values.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace aileron::approval {

class ApprovalTable {
 public:
  // What may be large stands last, so that reading a row without it does not read its pages.
  // claim_until_us: until when the next identical question is answered by this decision.
  static constexpr std::string_view kSchema = R"(
    CREATE TABLE approvals(
      n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, topic BLOB NOT NULL,
      same BLOB NOT NULL, session TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,
      agent TEXT NOT NULL, project TEXT NOT NULL, shown_key TEXT NOT NULL, title TEXT NOT NULL,
      fields TEXT NOT NULL, opens TEXT NOT NULL, credential TEXT NOT NULL, editable TEXT NOT NULL,
      expires_us INTEGER NOT NULL, created_us INTEGER NOT NULL, decided_us INTEGER,
      decided_by TEXT NOT NULL, scope TEXT NOT NULL, scope_times INTEGER NOT NULL,
      scope_until_us INTEGER NOT NULL, reason TEXT NOT NULL, edited TEXT NOT NULL,
      began_us INTEGER, finished_us INTEGER, status INTEGER, content_type TEXT, body_size INTEGER,
      code TEXT, message TEXT, collected_us INTEGER, claim_until_us INTEGER,
      arguments BLOB NOT NULL, preview BLOB NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE INDEX approvals_by_state ON approvals(state, session);
    CREATE INDEX approvals_by_session ON approvals(session);
    CREATE INDEX approvals_waiting ON approvals(same) WHERE state = 'pending';
    CREATE INDEX approvals_by_topic ON approvals(topic) WHERE state = 'pending';
    CREATE INDEX approvals_by_expiry ON approvals(expires_us) WHERE state = 'pending';
    CREATE INDEX approvals_to_begin ON approvals(decided_us)
      WHERE state = 'approved' AND subject = 'operation';
    CREATE INDEX approvals_to_claim ON approvals(same) WHERE claim_until_us IS NOT NULL;
    CREATE INDEX approvals_to_collect ON approvals(session)
      WHERE finished_us IS NOT NULL AND collected_us IS NULL;
    CREATE INDEX approvals_finished ON approvals(n) WHERE finished_us IS NOT NULL;)";

  // The name that an approval was asked for with stood among its arguments before.
  static constexpr std::string_view kCallColumn = R"(
    ALTER TABLE approvals ADD COLUMN call TEXT NOT NULL DEFAULT '';
    UPDATE approvals SET
      call = coalesce(json_extract(CAST(arguments AS TEXT), '$."$key"'), ''),
      arguments = CAST(json_remove(CAST(arguments AS TEXT), '$."$key"') AS BLOB)
      WHERE subject = 'operation' AND length(arguments) > 0;)";

  enum class Large { kWith, kWithout };
  enum class Column { kArguments, kPreview, kBody };

  // Borrows the database.
  explicit ApprovalTable(const store::Database* database) : database_(database) {}

  // A new one, pending.
  Status Insert(const Approval& approval, const CheckedQuestion& checked) const;
  // What changes after that, but for what may be large.
  Status Update(const Approval& approval) const;
  Status SetLarge(std::string_view id, Column column, std::string_view bytes) const;
  Status SetClaim(std::string_view id, std::optional<Time> until) const;

  // Marks those that are at their end, not marked yet and of `session`: all, or `id` alone. Returns
  // their ids.
  Result<std::vector<std::string>> MarkCollected(std::string_view session,
                                                 std::optional<std::string_view> id,
                                                 Time now) const;

  // With what may be large. kNotFound.
  Result<Approval> Get(std::string_view id) const;
  // Those that `rest` (a condition, an order, a limit) holds for.
  Result<std::vector<Approval>> Select(std::string_view rest, Values values,
                                       Large large = Large::kWithout) const;
  // The id of the first that `rest` holds for.
  Result<std::optional<std::string>> FindId(std::string_view rest, Values values) const;
  // The first column of the first row, 0 where it is NULL.
  Result<std::int64_t> Number(std::string_view sql, Values values) const;
  Result<crypto::Digest> TopicOf(std::string_view id) const;

  // Forgets what limits.h says is not kept of the past.
  Status Prune(Time now) const;

 private:
  const store::Database* database_;
};

}  // namespace aileron::approval
