// Calls: by which names its askers know an approval, kept in state/approvals.db. Who asks again
// with the same name finds it, whatever became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace aileron::approval {

class Calls {
 public:
  // `same` tells one question from another (CheckedQuestion).
  static constexpr std::string_view kSchema = R"(
    CREATE TABLE calls(
      session TEXT NOT NULL, call TEXT NOT NULL, approval TEXT NOT NULL, same BLOB NOT NULL,
      PRIMARY KEY(session, call)) STRICT, WITHOUT ROWID;
    CREATE INDEX calls_by_approval ON calls(approval);
    CREATE TRIGGER calls_end AFTER DELETE ON approvals
      BEGIN DELETE FROM calls WHERE approval = old.id; END;)";

  struct Found {
    std::string approval;
    bool same = false;  // false: it was another question
  };

  // Borrows the database.
  explicit Calls(const store::Database* database) : database_(database) {}

  Result<std::optional<Found>> Find(std::string_view session, std::string_view call,
                                    const crypto::Digest& same) const;
  // A name that is known already leads to `approval` from now on.
  Status Put(std::string_view session, std::string_view call, std::string_view approval,
             const crypto::Digest& same) const;
  // How many names an approval has.
  Result<std::int64_t> Count(std::string_view approval) const;

 private:
  const store::Database* database_;
};

}  // namespace aileron::approval
