// Database: one SQLite file, opened safely.
//
// Write-ahead log, mode 0600 for the file and what stands beside it, foreign keys on, deleted bytes
// overwritten, no trust in what a schema asks to run. A file that is damaged or newer than this
// program is refused with a message that names it and says what to do. A write that does not fit on
// the disk fails with kUnavailable and changes nothing.
//
// One connection, one thread at a time. Errors: kInvalid damaged or not a database, kDenied
// read-only or not ours, kUnavailable disk full or locked by another process, kInternal a bug.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace aileron::store {

// The n-th migration (from 1) takes a database of version n-1 to version n, in one transaction.
struct Migration {
  std::string_view sql;
};

enum class Durability {
  kNormal,  // a commit may be lost, never torn, when the machine loses power
  kFull,    // a commit that was reported is on the disk
};

enum class Access { kReadWrite, kReadOnly };

struct DatabaseOptions {
  std::string path;
  std::string_view what = "database";     // "vault", for messages
  std::span<const Migration> migrations;  // ignored when opened read-only
  Durability durability = Durability::kNormal;
  Access access = Access::kReadWrite;
};

// One prepared statement. Parameters and columns count from 0; views of columns hold until the next
// Step or Reset.
// Whether a statement keeps a copy of bound bytes, or they outlive its run.
enum class Bytes : unsigned char { kCopied, kBorrowed };

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& Bind(int index, std::int64_t value);
  Statement& Bind(int index, std::string_view text, Bytes life = Bytes::kCopied);
  Statement& BindBlob(int index, std::string_view bytes, Bytes life = Bytes::kCopied);
  Statement& BindNull(int index);

  // kRow: columns may be read. kDone: nothing more.
  enum class Next { kRow, kDone };
  Result<Next> Step();
  // Steps to the end, resets. For statements without rows.
  Status Run();
  // Ready for new parameters.
  void Reset();

  std::int64_t Integer(int column) const;
  std::string_view Text(int column) const;
  std::string_view Blob(int column) const;
  bool IsNull(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, const class Database* database);
  sqlite3_stmt* statement_ = nullptr;
  const class Database* database_ = nullptr;
  bool bind_failed_ = false;
};

// Must outlive its statements and transactions, and stays where it is (hence the unique_ptr).
class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Statement> Prepare(std::string_view sql) const;
  // One or more statements without parameters or rows.
  Status Execute(std::string_view sql) const;
  // The first column of the first row of a query without parameters.
  Result<std::int64_t> QueryInteger(std::string_view sql) const;

  std::int64_t Changes() const;
  const std::string& path() const { return path_; }

  // The error of the call that just failed: `tried` in front, the way out behind.
  Error LastError(std::string_view tried) const;

  // Writes the log back into the file and cuts it, so that removed bytes are gone from both.
  Status Checkpoint() const;

  // For tests of a full disk: no more than `pages` pages of 4 KiB.
  Status LimitPages(std::int64_t pages) const;

 private:
  Database() = default;
  Status Configure(const DatabaseOptions& options) const;
  Status CheckIntegrity() const;
  Status Migrate(std::span<const Migration> migrations) const;

  sqlite3* handle_ = nullptr;
  std::string path_;
  std::string what_;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> Begin(const Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // A failed commit has changed nothing.
  Status Commit();

 private:
  explicit Transaction(const Database* database) : database_(database) {}
  const Database* database_;
};

}  // namespace aileron::store
