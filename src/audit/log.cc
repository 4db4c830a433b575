#include "audit/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "audit/chain.h"
#include "audit/files.h"
#include "audit/limits.h"
#include "base/log.h"
#include "crypto/random.h"
#include "os/fd.h"

namespace aileron::audit {
namespace {

using store::Bytes;
using store::Statement;

constexpr std::array kMigrations{store::Migration{R"(
  CREATE TABLE identity(
    id INTEGER PRIMARY KEY CHECK (id = 1), log BLOB NOT NULL, public_key BLOB NOT NULL,
    head_seq INTEGER, head_hash BLOB, head_time_us INTEGER, head_signature BLOB) STRICT;
  CREATE TABLE records(
    seq INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, session TEXT NOT NULL, body TEXT NOT NULL,
    hash BLOB NOT NULL) STRICT;
  CREATE INDEX records_by_session ON records(session, seq) WHERE session <> '';
  CREATE INDEX records_by_time ON records(time_us);
  CREATE TABLE checkpoints(
    seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, time_us INTEGER NOT NULL,
    signature BLOB NOT NULL) STRICT;
)"}};

template <std::size_t N>
std::string_view View(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

StoredRecord FromRow(const Statement& row) {
  StoredRecord record;
  record.seq = static_cast<std::uint64_t>(row.Integer(0));
  record.time = Time(Duration(row.Integer(1)));
  record.session = row.Text(2);
  record.body = row.Text(3);
  (void)CopyBytes(row.Blob(4), record.hash);
  return record;
}

}  // namespace

struct AuditLog::State {
  explicit State(const std::string& folder) : paths(folder) {}

  // The end of the chain; a batch works on a copy of it, and that copy becomes it when the batch is
  // on the disk.
  struct End {
    std::uint64_t seq = 0;
    crypto::Digest hash{};
    std::int64_t time_us = 0;
    std::uint64_t checkpoint = 0;
  };

  Status OpenKey();
  Status OpenIdentity();
  Status OpenEnd();
  Status OpenHeadFile();
  std::string CompareOwnHead() const;
  Status PrepareStatements();
  Status AppendOne(const Record& record, End& end);
  Status WriteHead(const End& end);
  Status WriteCheckpoint(End& end);
  Status WriteHeadFile(const Head& head);

  LogPaths paths;
  std::unique_ptr<store::Database> database;
  std::optional<crypto::SigningKey> key;
  Identity identity;
  End end;
  std::string found_break;  // to be told in the next batch
  os::Fd head_file;
  bool head_file_failed = false;
  std::optional<Statement> insert;
  std::optional<Statement> update_head;
  std::optional<Statement> insert_checkpoint;
};

AuditLog::AuditLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditLog::AuditLog(AuditLog&&) noexcept = default;

AuditLog::~AuditLog() {
  if (!state_) return;
  if (const auto closed = Close(); !closed) {
    LogWarning("the audit log's last checkpoint was not written: {}", closed.error().message);
  }
}

Result<AuditLog> AuditLog::Open(const std::string& folder) {
  auto state = std::make_unique<State>(folder);
  AILERON_ASSIGN(state->database, store::Database::Open({.path = state->paths.database,
                                                         .what = "audit log",
                                                         .migrations = kMigrations,
                                                         .durability = store::Durability::kFull}));
  AILERON_TRY(state->OpenKey());
  AILERON_TRY(state->OpenIdentity());
  AILERON_TRY(state->OpenEnd());
  AILERON_TRY(state->OpenHeadFile());
  AILERON_TRY(state->PrepareStatements());
  return AuditLog(std::move(state));
}

Status AuditLog::State::OpenKey() {
  auto existing = ReadKey(paths.key);
  if (existing) {
    key.emplace(*std::move(existing));
    return {};
  }
  if (existing.error().code != Code::kNotFound) return std::unexpected(std::move(existing).error());
  AILERON_ASSIGN(const auto records, database->QueryInteger("SELECT count(*) FROM (SELECT 1 FROM "
                                                            "records LIMIT 1)"));
  if (records != 0) {
    return Fail(Code::kInvalid,
                "cannot open the audit log {}: its signing key {} is missing. Put it back from a "
                "backup, or move the log away to start a new one",
                paths.database, paths.key);
  }
  key.emplace(crypto::SigningKey::Generate());
  return WriteKey(paths.key, *key);
}

Status AuditLog::State::OpenIdentity() {
  AILERON_ASSIGN(auto existing, ReadIdentity(*database));
  AILERON_ASSIGN(const auto tail, ReadTail(*database));
  if (existing && (tail || existing->public_key == key->public_key())) {
    identity = *std::move(existing);
    return {};
  }
  if (!existing && tail) {
    return Fail(
        Code::kInvalid,
        "the audit log {} is damaged: the row that names it is missing. Put a backup in its "
        "place, or move it away to start anew",
        paths.database);
  }
  identity.id = crypto::RandomBytes<16>();
  identity.public_key = key->public_key();
  AILERON_ASSIGN(auto write,
                 database->Prepare("INSERT OR REPLACE INTO identity(id, log, public_key) "
                                   "VALUES (1, ?, ?)"));
  return write.BindBlob(0, View(identity.id)).BindBlob(1, View(identity.public_key)).Run();
}

Status AuditLog::State::OpenEnd() {
  AILERON_ASSIGN(const auto tail, ReadTail(*database));
  end.hash = ChainStart(identity.id);
  if (tail) {
    end.seq = tail->seq;
    end.hash = tail->hash;
    end.time_us = tail->time_us;
  }
  AILERON_ASSIGN(const auto checkpoint,
                 database->QueryInteger("SELECT coalesce(max(seq), 0) FROM checkpoints"));
  end.checkpoint = std::min(static_cast<std::uint64_t>(checkpoint), end.seq);
  return {};
}

// What the head in the database says about the end of the log: empty when they agree.
std::string AuditLog::State::CompareOwnHead() const {
  if (!identity.head) {
    return end.seq == 0 ? "" : "the signed head is missing from the database";
  }
  const Head& head = *identity.head;
  if (!VerifyHead(HeadKind::kHead, identity.id, head, key->public_key())) {
    return "the signature of the head in the database is wrong";
  }
  if (head.seq > end.seq) {
    return fmt::format("the log is cut short: records {} to {} are missing at its end", end.seq + 1,
                       head.seq);
  }
  if (head.seq < end.seq) {
    return fmt::format("records {} to {} were added by something that cannot sign", head.seq + 1,
                       end.seq);
  }
  return head.hash == end.hash ? ""
                               : fmt::format("record {} is not the one that was signed", end.seq);
}

// The old heads are evidence: before the first batch overwrites them, what they say is compared
// with what is there, and a difference goes into the log itself.
Status AuditLog::State::OpenHeadFile() {
  AILERON_ASSIGN(found_break,
                 CompareHead(*database, identity, ReadHeadFile(paths.head), key->public_key()));
  if (found_break.empty()) found_break = CompareOwnHead();
  if (!found_break.empty()) {
    LogError("audit log {}: {}", paths.database, found_break);
    return {};
  }
  struct stat info;
  if (lstat(paths.head.c_str(), &info) == 0) return {};
  const Head head = SignHead(HeadKind::kHead, identity.id, end.seq, end.hash, end.time_us, *key);
  return os::ReplaceFile(paths.head, RenderHeadFile({identity.id, head}), 0600);
}

Status AuditLog::State::PrepareStatements() {
  AILERON_ASSIGN(insert, database->Prepare("INSERT INTO records(seq, time_us, session, body, hash) "
                                           "VALUES (?, ?, ?, ?, ?)"));
  AILERON_ASSIGN(update_head, database->Prepare("UPDATE identity SET head_seq = ?, head_hash = ?, "
                                                "head_time_us = ?, head_signature = ?"));
  AILERON_ASSIGN(insert_checkpoint,
                 database->Prepare("INSERT OR REPLACE INTO checkpoints(seq, hash, time_us, "
                                   "signature) VALUES (?, ?, ?, ?)"));
  return {};
}

Status AuditLog::State::AppendOne(const Record& record, End& at) {
  const std::int64_t time_us = record.time.time_since_epoch().count();
  const std::int64_t slack = Duration(limits::kClockSlack).count();
  const Clock clock = at.seq != 0 && time_us + slack < at.time_us ? Clock::kBack : Clock::kForward;
  const std::uint64_t seq = at.seq + 1;
  const std::string body = RenderBody(record, seq, clock);
  const crypto::Digest hash = ChainLink(at.hash, seq, body);
  insert->Bind(0, Signed(seq)).Bind(1, time_us);
  insert->Bind(2, record.session, Bytes::kBorrowed).Bind(3, body, Bytes::kBorrowed);
  if (auto done = insert->BindBlob(4, View(hash), Bytes::kBorrowed).Run(); !done) {
    return Wrap(std::move(done).error(), "record {} was not kept", seq);
  }
  at.seq = seq;
  at.hash = hash;
  at.time_us = time_us;
  return {};
}

Status AuditLog::State::WriteHead(const End& at) {
  const Head head = SignHead(HeadKind::kHead, identity.id, at.seq, at.hash, at.time_us, *key);
  update_head->Bind(0, Signed(head.seq)).BindBlob(1, View(head.hash)).Bind(2, head.time_us);
  AILERON_TRY(update_head->BindBlob(3, View(head.signature)).Run());
  identity.head = head;
  return {};
}

Status AuditLog::State::WriteCheckpoint(End& at) {
  const Head head = SignHead(HeadKind::kCheckpoint, identity.id, at.seq, at.hash, at.time_us, *key);
  insert_checkpoint->Bind(0, Signed(head.seq)).BindBlob(1, View(head.hash)).Bind(2, head.time_us);
  AILERON_TRY(insert_checkpoint->BindBlob(3, View(head.signature)).Run());
  at.checkpoint = at.seq;
  return {};
}

// In place and without fsync: the batch is on the disk already, and a head that is a little old
// after a power cut is a smaller promise, not a wrong one.
Status AuditLog::State::WriteHeadFile(const Head& head) {
  const std::string text = RenderHeadFile({identity.id, head});
  if (!head_file) {
    head_file.Reset(open(paths.head.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!head_file) return os::FailErrno("cannot open {}", paths.head);
    if (ftruncate(head_file.get(), kHeadFileSize) != 0) {
      return os::FailErrno("cannot write {}", paths.head);
    }
  }
  if (pwrite(head_file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return os::FailErrno("cannot write {}", paths.head);
  }
  return {};
}

Result<Appended> AuditLog::Append(std::span<const Record> records) {
  if (records.empty() || records.size() > limits::kBatchMax) {
    return Fail(Code::kInvalid, "a batch has 1 to {} records, not {}", limits::kBatchMax,
                records.size());
  }
  State& state = *state_;
  const std::optional<Head> old_head = state.identity.head;
  State::End end = state.end;
  Appended appended;
  const auto write = [&]() -> Status {
    AILERON_ASSIGN(auto transaction, store::Transaction::Begin(*state.database));
    if (!state.found_break.empty()) {
      const Record told{.time = records[0].time,
                        .kind = "audit_break",
                        .actor = "daemon",
                        .code = "audit_break",
                        .detail = state.found_break};
      AILERON_TRY(state.AppendOne(told, end));
    }
    appended.first = end.seq + 1;
    for (const Record& record : records) AILERON_TRY(state.AppendOne(record, end));
    if (end.seq - end.checkpoint >= limits::kCheckpointEvery) {
      AILERON_TRY(state.WriteCheckpoint(end));
    }
    AILERON_TRY(state.WriteHead(end));
    return transaction.Commit();
  };
  if (auto written = write(); !written) {
    state.identity.head = old_head;
    return Wrap(std::move(written).error(), "cannot append to the audit log");
  }
  state.end = end;
  state.found_break.clear();
  appended.last = end.seq;
  const auto head_written = state.WriteHeadFile(*state.identity.head);
  if (!head_written && !state.head_file_failed) {
    LogWarning("the audit log's head was not renewed: {}", head_written.error().message);
  }
  state.head_file_failed = !head_written.has_value();
  return appended;
}

Result<std::vector<StoredRecord>> AuditLog::Find(const Query& query) const {
  const store::Database& database = *state_->database;
  std::uint64_t after = query.after_seq;
  std::int64_t since = INT64_MIN;
  if (query.since) {
    since = query.since->time_since_epoch().count();
    // Where such records begin, by the index on time; the rest is a walk along the chain.
    AILERON_ASSIGN(auto begin, database.Prepare("SELECT min(seq) FROM records WHERE time_us >= ?"));
    AILERON_TRY(begin.Bind(0, since).Step());
    if (begin.IsNull(0)) return std::vector<StoredRecord>();
    after = std::max(after, static_cast<std::uint64_t>(begin.Integer(0)) - 1);
  }
  // "+" keeps the planner on the primary key or the session's index.
  std::string sql =
      "SELECT seq, time_us, session, body, hash FROM records WHERE seq > ?1 AND "
      "+time_us >= ?2";
  if (query.session)
    sql += query.session->empty() ? " AND session = ?4" : " AND session = ?4 AND session <> ''";
  sql +=
      query.order == Order::kNewestFirst ? " ORDER BY seq DESC LIMIT ?3" : " ORDER BY seq LIMIT ?3";
  AILERON_ASSIGN(auto rows, database.Prepare(sql));
  rows.Bind(0, Signed(after)).Bind(1, since);
  rows.Bind(2, Signed(std::min(query.limit, limits::kQueryMax)));
  if (query.session) rows.Bind(3, *query.session);
  std::vector<StoredRecord> found;
  while (true) {
    AILERON_ASSIGN(const auto next, rows.Step());
    if (next == Statement::Next::kDone) return found;
    found.push_back(FromRow(rows));
  }
}

Result<StoredRecord> AuditLog::Get(std::uint64_t seq) const {
  AILERON_ASSIGN(auto row,
                 state_->database->Prepare("SELECT seq, time_us, session, body, hash FROM "
                                           "records WHERE seq = ?"));
  AILERON_ASSIGN(const auto next, row.Bind(0, Signed(seq)).Step());
  if (next == Statement::Next::kDone) {
    return Fail(Code::kNotFound, "the audit log has no record {}", seq);
  }
  return FromRow(row);
}

std::uint64_t AuditLog::last_seq() const { return state_->end.seq; }
const LogPaths& AuditLog::paths() const { return state_->paths; }
store::Database& AuditLog::database() { return *state_->database; }

Status AuditLog::Close() {
  State& state = *state_;
  if (state.end.seq > state.end.checkpoint) {
    State::End end = state.end;
    AILERON_TRY(state.WriteCheckpoint(end));
    state.end = end;
  }
  if (state.head_file && fsync(state.head_file.get()) != 0) {
    return os::FailErrno("cannot write {}", state.paths.head);
  }
  return {};
}

}  // namespace aileron::audit
