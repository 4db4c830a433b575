// Tested by src/approval/queue_test.cc
#include "approval/approval_table.h"

#include <nlohmann/json.hpp>

#include "approval/limits.h"

namespace aileron::approval {

namespace {

using nlohmann::json;
using store::Statement;

constexpr std::string_view kColumns =
    "id, session, subject, state, agent, project, shown_key, title, fields, opens, credential, "
    "editable, expires_us, created_us, decided_us, decided_by, scope, scope_times, scope_until_us, "
    "reason, edited, began_us, finished_us, status, content_type, body_size, code, message, "
    "collected_us, call";
constexpr std::string_view kLargeColumns = ", arguments, preview, body";

std::string Dump(const json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

std::string FieldsText(const std::vector<Field>& fields) {
  json list = json::array();
  for (const Field& field : fields) list.push_back(json::array({field.name, field.value}));
  return Dump(list);
}

std::vector<Field> FieldsFrom(std::string_view text) {
  std::vector<Field> fields;
  for (const json& pair : json::parse(text, nullptr, /*allow_exceptions=*/false)) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      continue;
    }
    fields.push_back({.name = pair[0].get<std::string>(), .value = pair[1].get<std::string>()});
  }
  return fields;
}

std::vector<std::string> NamesFrom(std::string_view text) {
  std::vector<std::string> names;
  for (const json& name : json::parse(text, nullptr, /*allow_exceptions=*/false)) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  return names;
}

Question QuestionFromRow(const Statement& row) {
  Question question;
  question.session = row.Text(1);
  question.subject = ParseSubject(row.Text(2)).value_or(Subject::kHost);
  question.agent = row.Text(4);
  question.project = row.Text(5);
  question.key = row.Text(6);
  question.title = row.Text(7);
  question.fields = FieldsFrom(row.Text(8));
  question.opens = row.Text(9);
  question.credential = row.Text(10);
  question.editable = NamesFrom(row.Text(11));
  question.expires = Time(Duration(row.Integer(12)));
  question.call = row.Text(29);
  return question;
}

Outcome OutcomeFromRow(const Statement& row, State state) {
  Outcome outcome;
  outcome.end = state == State::kSucceeded ? Outcome::End::kSucceeded : Outcome::End::kFailed;
  outcome.status = row.Integer(23);
  outcome.content_type = row.Text(24);
  outcome.body_size = row.Integer(25);
  outcome.code = row.Text(26);
  outcome.message = row.Text(27);
  return outcome;
}

// What cannot be read allows nothing: it was cancelled.
Approval FromRow(const Statement& row, ApprovalTable::Large large) {
  Approval approval;
  approval.id = row.Text(0);
  approval.question = QuestionFromRow(row);
  approval.state = ParseState(row.Text(3)).value_or(State::kCancelled);
  approval.created = Time(Duration(row.Integer(13)));
  approval.decided = ReadTime(row, 14);
  approval.decided_by = row.Text(15);
  approval.scope = {.kind = ParseScopeKind(row.Text(16)).value_or(ScopeKind::kOnce),
                    .times = row.Integer(17),
                    .until = Time(Duration(row.Integer(18)))};
  approval.reason = row.Text(19);
  approval.edited = NamesFrom(row.Text(20));
  approval.began = ReadTime(row, 21);
  approval.finished = ReadTime(row, 22);
  approval.collected = ReadTime(row, 28);
  if (approval.state == State::kSucceeded || approval.state == State::kFailed) {
    approval.outcome = OutcomeFromRow(row, approval.state);
  }
  if (large == ApprovalTable::Large::kWithout) return approval;
  approval.question.arguments = row.Blob(30);
  approval.question.preview = row.Blob(31);
  if (approval.outcome) approval.outcome->body = row.Blob(32);
  return approval;
}

std::string_view ColumnName(ApprovalTable::Column column) {
  switch (column) {
    case ApprovalTable::Column::kArguments:
      return "arguments";
    case ApprovalTable::Column::kPreview:
      return "preview";
    case ApprovalTable::Column::kBody:
      return "body";
  }
  return "body";
}

}  // namespace

Status ApprovalTable::Insert(const Approval& approval, const CheckedQuestion& checked) const {
  const Question& question = checked.question;
  AILERON_ASSIGN(
      Statement insert,
      database_->Prepare(
          "INSERT INTO approvals (id, topic, same, session, subject, state, agent, project, "
          "shown_key, title, fields, opens, credential, editable, expires_us, created_us, "
          "decided_by, scope, scope_times, scope_until_us, reason, edited, call, arguments, "
          "preview, body) "
          "VALUES (?,?,?,?,?,'pending',?,?,?,?,?,?,?,?,?,?,'','once',0,0,'','[]',?,?,?,x'')"));
  const std::string fields = FieldsText(question.fields);
  const std::string editable = Dump(question.editable);
  BindAll(
      insert, 0,
      {approval.id, &checked.topic, &checked.same, question.session, SubjectName(question.subject),
       question.agent, question.project, question.key, question.title, fields, question.opens,
       question.credential, editable, question.expires, approval.created, question.call});
  insert.BindBlob(16, question.arguments).BindBlob(17, question.preview);
  return insert.Run();
}

Status ApprovalTable::Update(const Approval& approval) const {
  AILERON_ASSIGN(
      Statement update,
      database_->Prepare(
          "UPDATE approvals SET state = ?, decided_us = ?, decided_by = ?, scope = ?, "
          "scope_times = ?, scope_until_us = ?, reason = ?, edited = ?, began_us = ?, "
          "finished_us = ?, collected_us = ?, status = ?, content_type = ?, body_size = ?, "
          "code = ?, message = ? WHERE id = ?"));
  update.Bind(0, StateName(approval.state));
  BindTime(update, 1, approval.decided);
  const std::string edited = Dump(approval.edited);
  BindAll(update, 2,
          {approval.decided_by, ScopeName(approval.scope.kind), approval.scope.times,
           approval.scope.until, approval.reason, edited});
  BindTime(update, 8, approval.began);
  BindTime(update, 9, approval.finished);
  BindTime(update, 10, approval.collected);
  const Outcome outcome = approval.outcome.value_or(Outcome());
  BindAll(update, 11,
          {outcome.status, outcome.content_type, outcome.body_size, outcome.code, outcome.message,
           approval.id});
  return update.Run();
}

Status ApprovalTable::SetLarge(std::string_view id, Column column, std::string_view bytes) const {
  AILERON_ASSIGN(Statement update,
                 database_->Prepare(
                     fmt::format("UPDATE approvals SET {} = ? WHERE id = ?", ColumnName(column))));
  return update.BindBlob(0, bytes).Bind(1, id).Run();
}

Status ApprovalTable::SetClaim(std::string_view id, std::optional<Time> until) const {
  AILERON_ASSIGN(Statement update,
                 database_->Prepare("UPDATE approvals SET claim_until_us = ? WHERE id = ?"));
  BindTime(update, 0, until);
  return update.Bind(1, id).Run();
}

Result<std::vector<std::string>> ApprovalTable::MarkCollected(std::string_view session,
                                                              std::optional<std::string_view> id,
                                                              Time now) const {
  AILERON_ASSIGN(Statement update,
                 database_->Prepare(fmt::format(
                     "UPDATE approvals SET collected_us = ? WHERE session = ? AND finished_us IS "
                     "NOT NULL AND collected_us IS NULL {} RETURNING id",
                     id ? "AND id = ?" : "")));
  BindAll(update, 0, {now, session});
  if (id) update.Bind(2, *id);
  std::vector<std::string> marked;
  while (true) {
    AILERON_ASSIGN(const Statement::Next next, update.Step());
    if (next == Statement::Next::kDone) return marked;
    marked.emplace_back(update.Text(0));
  }
}

Result<Approval> ApprovalTable::Get(std::string_view id) const {
  AILERON_ASSIGN(std::vector<Approval> found, Select("WHERE id = ?", {id}, Large::kWith));
  if (found.empty()) {
    return Fail(Code::kNotFound, "there is no approval {}; old ones are forgotten", id);
  }
  return std::move(found.front());
}

Result<std::vector<Approval>> ApprovalTable::Select(std::string_view rest, Values values,
                                                    Large large) const {
  AILERON_ASSIGN(Statement query,
                 database_->Prepare(fmt::format("SELECT {}{} FROM approvals {}", kColumns,
                                                large == Large::kWith ? kLargeColumns : "", rest)));
  BindAll(query, 0, values);
  std::vector<Approval> approvals;
  while (true) {
    AILERON_ASSIGN(const Statement::Next next, query.Step());
    if (next == Statement::Next::kDone) return approvals;
    approvals.push_back(FromRow(query, large));
  }
}

Result<std::optional<std::string>> ApprovalTable::FindId(std::string_view rest,
                                                         Values values) const {
  AILERON_ASSIGN(Statement query,
                 database_->Prepare(fmt::format("SELECT id FROM approvals {} LIMIT 1", rest)));
  BindAll(query, 0, values);
  AILERON_ASSIGN(const Statement::Next next, query.Step());
  if (next == Statement::Next::kDone) return std::nullopt;
  return std::string(query.Text(0));
}

Result<std::int64_t> ApprovalTable::Number(std::string_view sql, Values values) const {
  AILERON_ASSIGN(Statement query, database_->Prepare(sql));
  BindAll(query, 0, values);
  AILERON_ASSIGN(const Statement::Next next, query.Step());
  return next == Statement::Next::kDone ? 0 : query.Integer(0);
}

Result<crypto::Digest> ApprovalTable::TopicOf(std::string_view id) const {
  AILERON_ASSIGN(Statement query, database_->Prepare("SELECT topic FROM approvals WHERE id = ?"));
  AILERON_ASSIGN(const Statement::Next next, query.Bind(0, id).Step());
  crypto::Digest topic{};
  if (next == Statement::Next::kDone || query.Blob(0).size() != topic.size()) {
    return Fail(Code::kInternal, "approval {} has no topic", id);
  }
  std::memcpy(topic.data(), query.Blob(0).data(), topic.size());
  return topic;
}

Status ApprovalTable::Prune(Time now) const {
  // Kept besides: results of operations that nobody acknowledged yet.
  const std::string past = fmt::format(
      "finished_us IS NOT NULL AND NOT (subject = 'operation' AND collected_us IS NULL AND "
      "finished_us > {})",
      Micros(now - limits::kUncollectedKept));
  const auto older_than = [&](std::int64_t kept) {
    return fmt::format(
        "{} AND n <= (SELECT n FROM approvals WHERE {} ORDER BY n DESC LIMIT 1 OFFSET {})", past,
        past, kept);
  };
  AILERON_TRY(
      database_->Execute("DELETE FROM approvals WHERE " + older_than(limits::kFinishedKept)));
  return database_->Execute(
      "UPDATE approvals SET arguments = x'', preview = x'', body = x'' WHERE " +
      older_than(limits::kLargeKept) +
      " AND (length(arguments) > 0 OR length(preview) > 0 OR length(body) > 0)");
}

}  // namespace aileron::approval
