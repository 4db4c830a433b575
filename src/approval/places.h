// Places: how far each follower of the events has come, kept beside them in state/approvals.db, so
// that one who was away goes on where it was.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/database.h"

namespace aileron::approval {

class Places {
 public:
  static constexpr std::string_view kSchema = R"(
    CREATE TABLE places(name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;)";

  // Borrows the database.
  explicit Places(const store::Database* database) : database_(database) {}

  // Nothing for a follower that was never there.
  Result<std::optional<std::int64_t>> Get(std::string_view name) const;
  Status Set(std::string_view name, std::int64_t seq) const;
  // Forgets all others.
  Status Keep(std::span<const std::string> names) const;

 private:
  const store::Database* database_;
};

}  // namespace aileron::approval
