#include "session/store.h"

#include <nlohmann/json.hpp>

#include "session/limits.h"

namespace aileron::session {

namespace {

using store::Statement;

constexpr store::Migration kMigrations[] = {
    {R"(CREATE TABLE sessions (
          id TEXT PRIMARY KEY,
          command TEXT NOT NULL,
          workspace TEXT NOT NULL,
          driver TEXT NOT NULL,
          tier TEXT NOT NULL,
          image TEXT NOT NULL,
          profile TEXT NOT NULL,
          launcher_pid INTEGER NOT NULL,
          state TEXT NOT NULL,
          started_us INTEGER NOT NULL,
          ended_us INTEGER,
          exit_code INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sessions_by_state ON sessions (state);)"},
};

constexpr std::string_view kColumns =
    "id, command, workspace, driver, tier, image, profile, launcher_pid, state, started_us, "
    "ended_us, exit_code";

// A command as JSON. Words may be any bytes; JSON may not. What does not fit the bounds is left
// out.
std::string CommandText(const std::vector<std::string>& command) {
  nlohmann::json words = nlohmann::json::array();
  std::size_t size = 0;
  for (const std::string& word : command) {
    size += word.size();
    if (words.size() >= limits::kCommandWords || size > limits::kCommandMax) break;
    words.push_back(word);
  }
  return words.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> CommandFrom(std::string_view text) {
  std::vector<std::string> command;
  const auto words = nlohmann::json::parse(text, nullptr, false);
  if (!words.is_array()) return command;
  for (const auto& word : words) {
    if (word.is_string()) command.push_back(word.get<std::string>());
  }
  return command;
}

Session FromRow(const Statement& row) {
  Session session;
  session.id = row.Text(0);
  session.command = CommandFrom(row.Text(1));
  session.workspace = row.Text(2);
  session.driver = row.Text(3);
  session.tier = row.Text(4);
  session.image = row.Text(5);
  session.profile = row.Text(6);
  session.launcher_pid = row.Integer(7);
  session.state = ParseState(row.Text(8)).value_or(State::kOrphaned);
  session.started = Time(Duration(row.Integer(9)));
  if (!row.IsNull(10)) session.ended = Time(Duration(row.Integer(10)));
  if (!row.IsNull(11)) session.exit_code = static_cast<int>(row.Integer(11));
  return session;
}

Result<std::vector<Session>> Rows(Statement statement) {
  std::vector<Session> sessions;
  while (true) {
    AILERON_ASSIGN(const Statement::Next next, statement.Step());
    if (next == Statement::Next::kDone) return sessions;
    sessions.push_back(FromRow(statement));
  }
}

}  // namespace

SessionStore::SessionStore(std::unique_ptr<store::Database> database)
    : database_(std::move(database)) {}

Result<SessionStore> SessionStore::Open(const std::string& path) {
  AILERON_ASSIGN(auto database, store::Database::Open({.path = path,
                                                       .what = "session database",
                                                       .migrations = kMigrations,
                                                       .durability = store::Durability::kNormal}));
  return SessionStore(std::move(database));
}

Status SessionStore::Put(const Session& session) {
  AILERON_ASSIGN(
      Statement insert,
      database_->Prepare(fmt::format(
          "INSERT OR REPLACE INTO sessions ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", kColumns)));
  insert.Bind(0, session.id)
      .Bind(1, CommandText(session.command))
      .Bind(2, session.workspace)
      .Bind(3, session.driver)
      .Bind(4, session.tier)
      .Bind(5, session.image)
      .Bind(6, session.profile)
      .Bind(7, session.launcher_pid)
      .Bind(8, StateName(session.state))
      .Bind(9, session.started.time_since_epoch().count());
  if (session.ended) {
    insert.Bind(10, session.ended->time_since_epoch().count());
  } else {
    insert.BindNull(10);
  }
  if (session.exit_code) {
    insert.Bind(11, std::int64_t{*session.exit_code});
  } else {
    insert.BindNull(11);
  }
  return insert.Run();
}

Result<Session> SessionStore::Get(std::string_view id) const {
  AILERON_ASSIGN(Statement query,
                 database_->Prepare(fmt::format("SELECT {} FROM sessions WHERE id = ?", kColumns)));
  query.Bind(0, id);
  AILERON_ASSIGN(const Statement::Next next, query.Step());
  if (next == Statement::Next::kDone) {
    return Fail(Code::kNotFound, "there is no session {}. Run \"aileron session list --all\".", id);
  }
  return FromRow(query);
}

Result<std::vector<Session>> SessionStore::List(Which which) const {
  AILERON_ASSIGN(Statement query,
                 database_->Prepare(fmt::format(
                     "SELECT {} FROM sessions {} ORDER BY id DESC LIMIT {}", kColumns,
                     which == Which::kRunning ? "WHERE state = 'running'" : "", limits::kListMax)));
  return Rows(std::move(query));
}

Result<std::vector<Session>> SessionStore::Orphan(const std::vector<std::string>& alive, Time now) {
  AILERON_ASSIGN(
      Statement query,
      database_->Prepare(fmt::format("SELECT {} FROM sessions WHERE state = 'running'", kColumns)));
  AILERON_ASSIGN(std::vector<Session> running, Rows(std::move(query)));
  std::vector<Session> orphaned;
  for (Session& session : running) {
    if (std::find(alive.begin(), alive.end(), session.id) != alive.end()) continue;
    AILERON_TRY(session.Become(State::kOrphaned, now));
    AILERON_TRY(Put(session));
    orphaned.push_back(std::move(session));
  }
  return orphaned;
}

Status SessionStore::Prune() {
  return database_->Execute(fmt::format(
      "DELETE FROM sessions WHERE state <> 'running' AND id < (SELECT id FROM sessions ORDER BY id "
      "DESC LIMIT 1 OFFSET {})",
      limits::kKept));
}

}  // namespace aileron::session
