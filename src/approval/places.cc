// Tested by src/approval/queue_results_test.cc
#include "approval/places.h"

#include <algorithm>
#include <vector>

namespace aileron::approval {

using store::Statement;

Result<std::optional<std::int64_t>> Places::Get(std::string_view name) const {
  AILERON_ASSIGN(Statement query, database_->Prepare("SELECT seq FROM places WHERE name = ?"));
  AILERON_ASSIGN(const Statement::Next next, query.Bind(0, name).Step());
  if (next == Statement::Next::kDone) return std::nullopt;
  return query.Integer(0);
}

Status Places::Set(std::string_view name, std::int64_t seq) const {
  AILERON_ASSIGN(Statement put,
                 database_->Prepare("INSERT INTO places (name, seq) VALUES (?, ?) "
                                    "ON CONFLICT(name) DO UPDATE SET seq = excluded.seq"));
  return put.Bind(0, name).Bind(1, seq).Run();
}

Status Places::Keep(std::span<const std::string> names) const {
  std::vector<std::string> known;
  {
    AILERON_ASSIGN(Statement query, database_->Prepare("SELECT name FROM places"));
    while (true) {
      AILERON_ASSIGN(const Statement::Next next, query.Step());
      if (next == Statement::Next::kDone) break;
      known.emplace_back(query.Text(0));
    }
  }
  for (const std::string& name : known) {
    if (std::ranges::find(names, name) != names.end()) continue;
    AILERON_ASSIGN(Statement remove, database_->Prepare("DELETE FROM places WHERE name = ?"));
    AILERON_TRY(remove.Bind(0, name).Run());
  }
  return {};
}

}  // namespace aileron::approval
