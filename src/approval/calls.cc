// Tested by src/approval/queue_grants_test.cc
#include "approval/calls.h"

#include "approval/values.h"

namespace aileron::approval {

using store::Statement;

Result<std::optional<Calls::Found>> Calls::Find(std::string_view session, std::string_view call,
                                                const crypto::Digest& same) const {
  AILERON_ASSIGN(
      Statement query,
      database_->Prepare("SELECT approval, same = ? FROM calls WHERE session = ? AND call = ?"));
  BindAll(query, 0, {&same, session, call});
  AILERON_ASSIGN(const Statement::Next next, query.Step());
  if (next == Statement::Next::kDone) return std::nullopt;
  return Found{.approval = std::string(query.Text(0)), .same = query.Integer(1) != 0};
}

Status Calls::Put(std::string_view session, std::string_view call, std::string_view approval,
                  const crypto::Digest& same) const {
  AILERON_ASSIGN(Statement put,
                 database_->Prepare("INSERT OR REPLACE INTO calls (session, call, approval, same) "
                                    "VALUES (?, ?, ?, ?)"));
  BindAll(put, 0, {session, call, approval, &same});
  return put.Run();
}

Result<std::int64_t> Calls::Count(std::string_view approval) const {
  AILERON_ASSIGN(Statement query,
                 database_->Prepare("SELECT count(*) FROM calls WHERE approval = ?"));
  AILERON_TRY(query.Bind(0, approval).Step());
  return query.Integer(0);
}

}  // namespace aileron::approval
