// Tested by src/approval/queue_grants_test.cc
#include "approval/grant_table.h"

namespace aileron::approval {

namespace {

using store::Statement;

constexpr std::string_view kColumns =
    "id, answer, subject, shown_key, session, scope, uses_left, expires_us, created_us, approval, "
    "decided_by";

// What cannot be read grants nothing: a no.
Grant FromRow(const Statement& row) {
  Grant grant;
  grant.id = row.Text(0);
  grant.answer = ParseAnswer(row.Text(1)).value_or(Answer::kDeny);
  grant.subject = ParseSubject(row.Text(2)).value_or(Subject::kHost);
  grant.key = row.Text(3);
  grant.session = row.Text(4);
  grant.scope = ParseScopeKind(row.Text(5)).value_or(ScopeKind::kSession);
  if (!row.IsNull(6)) grant.uses_left = row.Integer(6);
  grant.expires = ReadTime(row, 7);
  grant.created = Time(Duration(row.Integer(8)));
  grant.approval = row.Text(9);
  grant.by = row.Text(10);
  return grant;
}

}  // namespace

Result<std::optional<Grant>> GrantTable::Find(const crypto::Digest& topic, std::string_view session,
                                              Time now) const {
  AILERON_ASSIGN(Statement query,
                 database_->Prepare(
                     fmt::format("SELECT {} FROM grants WHERE topic = ? AND session IN (?, '') AND "
                                 "(expires_us IS NULL OR expires_us > ?) AND "
                                 "(uses_left IS NULL OR uses_left > 0) "
                                 "ORDER BY answer = 'deny' DESC, uses_left IS NOT NULL, id LIMIT 1",
                                 kColumns)));
  BindAll(query, 0, {&topic, session, now});
  AILERON_ASSIGN(const Statement::Next next, query.Step());
  if (next == Statement::Next::kDone) return std::nullopt;
  return FromRow(query);
}

Status GrantTable::Insert(const Grant& grant, const crypto::Digest& topic) const {
  AILERON_ASSIGN(Statement insert,
                 database_->Prepare(fmt::format("INSERT INTO grants ({}, topic) VALUES "
                                                "(?,?,?,?,?,?,?,?,?,?,?,?)",
                                                kColumns)));
  BindAll(insert, 0,
          {grant.id, AnswerName(grant.answer), SubjectName(grant.subject), grant.key, grant.session,
           ScopeName(grant.scope)});
  if (grant.uses_left) {
    insert.Bind(6, *grant.uses_left);
  } else {
    insert.BindNull(6);
  }
  BindTime(insert, 7, grant.expires);
  BindAll(insert, 8, {grant.created, grant.approval, grant.by, &topic});
  return insert.Run();
}

Status GrantTable::Use(Grant& grant) const {
  AILERON_ASSIGN(Statement update,
                 database_->Prepare("UPDATE grants SET uses_left = uses_left - 1 WHERE id = ? AND "
                                    "uses_left > 0 RETURNING uses_left"));
  AILERON_ASSIGN(const Statement::Next next, update.Bind(0, grant.id).Step());
  if (next == Statement::Next::kDone) {
    return Fail(Code::kInternal, "grant {} has no use left", grant.id);
  }
  grant.uses_left = update.Integer(0);
  AILERON_TRY(update.Run());
  return grant.uses_left == 0 ? Remove(grant.id) : Status();
}

Status GrantTable::Remove(std::string_view id) const {
  AILERON_ASSIGN(Statement remove, database_->Prepare("DELETE FROM grants WHERE id = ?"));
  return remove.Bind(0, id).Run();
}

Result<Grant> GrantTable::Get(std::string_view id) const {
  AILERON_ASSIGN(std::vector<Grant> found, Select("id = ?", {id}, 1));
  if (found.empty()) return Fail(Code::kNotFound, "there is no grant {}; it may have ended", id);
  return std::move(found.front());
}

Result<std::vector<Grant>> GrantTable::Select(std::string_view condition, Values values,
                                              std::size_t limit) const {
  AILERON_ASSIGN(Statement query, database_->Prepare(fmt::format(
                                      "SELECT {} FROM grants WHERE {} ORDER BY id DESC LIMIT {}",
                                      kColumns, condition, limit)));
  BindAll(query, 0, values);
  std::vector<Grant> grants;
  while (true) {
    AILERON_ASSIGN(const Statement::Next next, query.Step());
    if (next == Statement::Next::kDone) return grants;
    grants.push_back(FromRow(query));
  }
}

Result<std::int64_t> GrantTable::Count() const {
  return database_->QueryInteger("SELECT count(*) FROM grants");
}

}  // namespace aileron::approval
