// GrantTable: the grants in state/approvals.db. Each call is part of the caller's transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/grant.h"
#include "approval/values.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace aileron::approval {

class GrantTable {
 public:
  static constexpr std::string_view kSchema = R"(
    CREATE TABLE grants(
      id TEXT PRIMARY KEY, answer TEXT NOT NULL, subject TEXT NOT NULL, topic BLOB NOT NULL,
      shown_key TEXT NOT NULL, session TEXT NOT NULL, scope TEXT NOT NULL, uses_left INTEGER,
      expires_us INTEGER, created_us INTEGER NOT NULL, approval TEXT NOT NULL,
      decided_by TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX grants_by_topic ON grants(topic, session);
    CREATE INDEX grants_by_session ON grants(session);
    CREATE INDEX grants_by_expiry ON grants(expires_us) WHERE expires_us IS NOT NULL;)";

  // Borrows the database.
  explicit GrantTable(const store::Database* database) : database_(database) {}

  // What speaks on a question: a no before a yes, one that is not counted before one that is.
  Result<std::optional<Grant>> Find(const crypto::Digest& topic, std::string_view session,
                                    Time now) const;
  Status Insert(const Grant& grant, const crypto::Digest& topic) const;
  // One use less; at 0 the grant goes. kInternal when it is not there.
  Status Use(Grant& grant) const;
  Status Remove(std::string_view id) const;

  // kNotFound.
  Result<Grant> Get(std::string_view id) const;
  // Those that `condition` holds for, newest first.
  Result<std::vector<Grant>> Select(std::string_view condition, Values values,
                                    std::size_t limit) const;
  Result<std::int64_t> Count() const;

 private:
  const store::Database* database_;
};

}  // namespace aileron::approval
