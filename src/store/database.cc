#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/log.h"
#include "os/fd.h"
#include "store/limits.h"

namespace aileron::store {
namespace {

struct Advice {
  Code code;
  std::string_view text;
};

// What a caller can do about a result of SQLite's.
Advice AdviceFor(int result, int system_errno) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::kInvalid,
              "the file is damaged. Put a backup in its place, or move it away to start anew"};
    case SQLITE_FULL:
      return {Code::kUnavailable,
              "the disk is full. Free some space and try again; nothing was lost"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Code::kDenied, "it cannot be written. Make the file and its folder writable"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::kUnavailable, "another process uses it. Try again"};
    case SQLITE_CANTOPEN:
      return {Code::kDenied,
              "it cannot be opened. Its folder must exist, be writable and belong to you"};
    case SQLITE_NOMEM:
      return {Code::kUnavailable, "there is too little memory"};
    case SQLITE_TOOBIG:
      return {Code::kInvalid, "a value is too large"};
    case SQLITE_CONSTRAINT:
      return {Code::kInvalid, "a value is not allowed there"};
    case SQLITE_IOERR:
      if (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG) {
        return {Code::kUnavailable,
                "the disk is full. Free some space and try again; nothing was lost"};
      }
      return {Code::kUnavailable, "reading or writing the disk failed"};
    default:
      return {Code::kInternal, "this is not expected"};
  }
}

// SQLite makes the file with the umask; ours has to be there first, closed to others.
Status CreateFile(const std::string& path) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  const os::Fd file(open(path.c_str(), flags, 0600));
  if (!file) {
    if (errno == EROFS || errno == EACCES) return {};  // SQLite says more about an existing file
    return os::FailErrno("cannot open {}", path);
  }
  struct stat info;
  if (fstat(file.get(), &info) != 0) return os::FailErrno("cannot inspect {}", path);
  if (!S_ISREG(info.st_mode)) return Fail(Code::kInvalid, "{} is not a regular file", path);
  if ((info.st_mode & 077) != 0 && fchmod(file.get(), 0600) != 0) {
    return os::FailErrno("cannot close {} to other users", path);
  }
  return {};
}

}  // namespace

Statement::Statement(sqlite3_stmt* statement, const Database* database)
    : statement_(statement), database_(database) {}
Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      database_(other.database_),
      bind_failed_(other.bind_failed_) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(database_, other.database_);
  std::swap(bind_failed_, other.bind_failed_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Bind(int index, std::int64_t value) {
  bind_failed_ |= sqlite3_bind_int64(statement_, index + 1, value) != SQLITE_OK;
  return *this;
}

namespace {

sqlite3_destructor_type LifeOf(Bytes bytes) {
  return bytes == Bytes::kBorrowed ? SQLITE_STATIC : SQLITE_TRANSIENT;
}

}  // namespace

Statement& Statement::Bind(int index, std::string_view text, Bytes life) {
  // A null pointer would bind NULL.
  const char* const bytes = text.data() != nullptr ? text.data() : "";
  bind_failed_ |= sqlite3_bind_text64(statement_, index + 1, bytes, text.size(), LifeOf(life),
                                      SQLITE_UTF8) != SQLITE_OK;
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view bytes, Bytes life) {
  const char* const data = bytes.data() != nullptr ? bytes.data() : "";
  bind_failed_ |=
      sqlite3_bind_blob64(statement_, index + 1, data, bytes.size(), LifeOf(life)) != SQLITE_OK;
  return *this;
}

Statement& Statement::BindNull(int index) {
  bind_failed_ |= sqlite3_bind_null(statement_, index + 1) != SQLITE_OK;
  return *this;
}

Result<Statement::Next> Statement::Step() {
  if (bind_failed_) {
    return Fail(Code::kInvalid, "cannot use {}: a value is too large or has no place in \"{}\"",
                database_->path(), sqlite3_sql(statement_));
  }
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return Next::kRow;
  if (result == SQLITE_DONE) return Next::kDone;
  Error error = database_->LastError("use");
  sqlite3_reset(statement_);
  return std::unexpected(std::move(error));
}

Status Statement::Run() {
  while (true) {
    AILERON_ASSIGN(const Next next, Step());
    if (next == Next::kDone) break;
  }
  Reset();
  return {};
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bind_failed_ = false;
}

std::int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::Text(int column) const {
  // sqlite3_column_text before sqlite3_column_bytes: the first may convert.
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::Blob(int column) const {
  const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  // Nobody asks how much memory SQLite uses, and counting takes a lock at each allocation.
  [[maybe_unused]] static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const bool writes = options.access == Access::kReadWrite;
  if (writes) AILERON_TRY(CreateFile(options.path));
  if (struct stat info; lstat(options.path.c_str(), &info) != 0 && errno == ENOENT && !writes) {
    return Fail(Code::kNotFound, "there is no {} {}", options.what, options.path);
  }
  std::unique_ptr<Database> database(new Database);
  database->path_ = options.path;
  database->what_ = options.what;
  const int flags = (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(options.path.c_str(), &database->handle_, flags, nullptr) != SQLITE_OK) {
    return std::unexpected(database->LastError("open"));
  }
  AILERON_TRY(database->Configure(options));
  AILERON_TRY(database->CheckIntegrity());
  if (writes) AILERON_TRY(database->Migrate(options.migrations));
  return database;
}

Database::~Database() { sqlite3_close_v2(handle_); }

Status Database::Configure(const DatabaseOptions& options) const {
  sqlite3_busy_timeout(handle_, static_cast<int>(limits::kBusyTimeout.count()));
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, limits::kValueMax);
  sqlite3_limit(handle_, SQLITE_LIMIT_SQL_LENGTH, limits::kStatementMax);
  sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  AILERON_TRY(
      Execute("PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
              "PRAGMA temp_store=MEMORY"));
  if (options.access == Access::kReadOnly) return {};
  AILERON_TRY(Execute("PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON"));
  AILERON_TRY(Execute(options.durability == Durability::kFull ? "PRAGMA synchronous=FULL"
                                                              : "PRAGMA synchronous=NORMAL"));
  return Execute(fmt::format("PRAGMA journal_size_limit={}", limits::kWalKept));
}

Status Database::CheckIntegrity() const {
  // Reading the schema alone shows a file that is no database.
  AILERON_TRY(QueryInteger("SELECT count(*) FROM sqlite_schema"));
  AILERON_ASSIGN(const std::int64_t pages, QueryInteger("PRAGMA page_count"));
  AILERON_ASSIGN(const std::int64_t page_size, QueryInteger("PRAGMA page_size"));
  if (pages * page_size > limits::kQuickCheckMax) return {};
  AILERON_ASSIGN(Statement check, Prepare("PRAGMA quick_check(1)"));
  AILERON_ASSIGN(const auto next, check.Step());
  if (next == Statement::Next::kRow && check.Text(0) == "ok") return {};
  return Fail(Code::kInvalid,
              "cannot open the {} {}: the file is damaged ({}). Put a backup in its place, or move "
              "it away to start anew",
              what_, path_, check.Text(0));
}

Status Database::Migrate(std::span<const Migration> migrations) const {
  AILERON_ASSIGN(const std::int64_t version, QueryInteger("PRAGMA user_version"));
  const auto known = static_cast<std::int64_t>(migrations.size());
  if (version < 0 || version > known) {
    return Fail(
        Code::kInvalid,
        "cannot open the {} {}: it was written by a newer aileron (version {}; this program "
        "knows {}). Use that aileron",
        what_, path_, version, known);
  }
  for (std::int64_t next = version; next < known; ++next) {
    AILERON_ASSIGN(Transaction transaction, Transaction::Begin(*this));
    // Another process may have been faster.
    AILERON_ASSIGN(const std::int64_t now, QueryInteger("PRAGMA user_version"));
    if (now > next) continue;
    if (auto done = Execute(migrations[next].sql); !done) {
      return Wrap(std::move(done).error(), "cannot bring the {} to version {}", what_, next + 1);
    }
    AILERON_TRY(Execute(fmt::format("PRAGMA user_version={}", next + 1)));
    AILERON_TRY(transaction.Commit());
  }
  return {};
}

Result<Statement> Database::Prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return std::unexpected(LastError("use"));
  AILERON_CHECK(statement != nullptr);
  return Statement(statement, this);
}

Status Database::Execute(std::string_view sql) const {
  if (sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(LastError("use"));
  }
  return {};
}

Result<std::int64_t> Database::QueryInteger(std::string_view sql) const {
  AILERON_ASSIGN(Statement statement, Prepare(sql));
  AILERON_ASSIGN(const auto next, statement.Step());
  if (next == Statement::Next::kDone) {
    return Fail(Code::kInvalid, "the {} {} lacks a row that belongs there", what_, path_);
  }
  return statement.Integer(0);
}

std::int64_t Database::Changes() const { return sqlite3_changes64(handle_); }

Error Database::LastError(std::string_view tried) const {
  const int result = handle_ != nullptr ? sqlite3_extended_errcode(handle_) : SQLITE_NOMEM;
  // The errno is of the last call that had one: it speaks of this failure only where the system
  // failed.
  const int kind = result & 0xff;
  const bool system = kind == SQLITE_IOERR || kind == SQLITE_FULL || kind == SQLITE_CANTOPEN;
  const int number = handle_ != nullptr && system ? sqlite3_system_errno(handle_) : 0;
  const Advice advice = AdviceFor(result, number);
  const char* const said = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
  return Error{advice.code, fmt::format("cannot {} the {} {}: {} ({}{}{})", tried, what_, path_,
                                        advice.text, said, number != 0 ? ": " : "",
                                        number != 0 ? strerrordesc_np(number) : "")};
}

Status Database::Checkpoint() const { return Execute("PRAGMA wal_checkpoint(TRUNCATE)"); }

Status Database::LimitPages(std::int64_t pages) const {
  return Execute(fmt::format("PRAGMA max_page_count={}", pages));
}

Result<Transaction> Transaction::Begin(const Database& database) {
  AILERON_TRY(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // SQLite itself rolls back after some errors (disk full); then there is nothing left to do.
  (void)database_->Execute("ROLLBACK");
}

Status Transaction::Commit() {
  AILERON_TRY(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace aileron::store
