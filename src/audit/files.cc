#include "audit/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "os/fd.h"

namespace aileron::audit {
namespace {

constexpr std::size_t kSeedSize = 32;
using Next = store::Statement::Next;

}  // namespace

Result<crypto::SigningKey> ReadKey(const std::string& path) {
  const os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return os::FailErrno("cannot open the audit log's signing key {}", path);
  Secret seed = Secret::OfSize(kSeedSize + 1);
  const ssize_t count = read(file.get(), seed.RevealWritable().data(), seed.size());
  if (count != static_cast<ssize_t>(kSeedSize)) {
    return Fail(Code::kInvalid,
                "the audit log's signing key {} is damaged. Put a backup in its place, or move the "
                "audit log and its key away to start anew",
                path);
  }
  seed.Truncate(kSeedSize);
  return crypto::SigningKey::FromSeed(seed);
}

Status WriteKey(const std::string& path, const crypto::SigningKey& key) {
  return os::ReplaceFile(path, key.Seed().Reveal(), 0600);
}

std::optional<HeadFile> ReadHeadFile(const std::string& path) {
  const auto text = os::ReadFile(path, kHeadFileSize);
  return text ? ParseHeadFile(*text) : std::nullopt;
}

Result<std::optional<Identity>> ReadIdentity(const store::Database& database) {
  AILERON_ASSIGN(auto row, database.Prepare("SELECT log, public_key, head_seq, head_hash, "
                                            "head_time_us, head_signature FROM identity"));
  AILERON_ASSIGN(const auto next, row.Step());
  if (next == Next::kDone) return std::nullopt;
  Identity identity;
  bool whole = CopyBytes(row.Blob(0), identity.id) && CopyBytes(row.Blob(1), identity.public_key);
  if (!row.IsNull(2)) {
    Head head;
    head.seq = static_cast<std::uint64_t>(row.Integer(2));
    head.time_us = row.Integer(4);
    whole = whole && CopyBytes(row.Blob(3), head.hash) && CopyBytes(row.Blob(5), head.signature);
    identity.head = head;
  }
  if (whole) return identity;
  return Fail(Code::kInvalid,
              "the audit log {} is damaged: the row that names it is not what was written. Put a "
              "backup in its place, or move it away to start anew",
              database.path());
}

Result<std::optional<Tail>> ReadTail(const store::Database& database) {
  AILERON_ASSIGN(auto row, database.Prepare("SELECT seq, time_us, hash FROM records ORDER BY seq "
                                            "DESC LIMIT 1"));
  AILERON_ASSIGN(const auto next, row.Step());
  if (next == Next::kDone) return std::nullopt;
  Tail tail;
  tail.seq = static_cast<std::uint64_t>(row.Integer(0));
  tail.time_us = row.Integer(1);
  // A hash of the wrong length is left as zeros: verification names the record.
  (void)CopyBytes(row.Blob(2), tail.hash);
  return tail;
}

Result<std::optional<crypto::Digest>> ReadHash(const store::Database& database, std::uint64_t seq) {
  AILERON_ASSIGN(auto row, database.Prepare("SELECT hash FROM records WHERE seq = ?"));
  AILERON_ASSIGN(const auto next, row.Bind(0, static_cast<std::int64_t>(seq)).Step());
  if (next == Next::kDone) return std::nullopt;
  crypto::Digest hash{};
  (void)CopyBytes(row.Blob(0), hash);
  return hash;
}

Result<std::string> CompareHead(const store::Database& database, const Identity& identity,
                                const std::optional<HeadFile>& file,
                                const crypto::PublicKey& public_key) {
  AILERON_ASSIGN(const auto tail, ReadTail(database));
  const std::uint64_t last = tail ? tail->seq : 0;
  if (!file) {
    if (last == 0) return std::string();
    return fmt::format(
        "audit.head is missing or damaged, so nothing shows that record {} is the last", last);
  }
  if (file->id != identity.id) {
    return fmt::format(
        "audit.head belongs to another log, of {} records: the database was replaced",
        file->head.seq);
  }
  if (!VerifyHead(HeadKind::kHead, file->id, file->head, public_key)) {
    return std::string("the signature of audit.head is wrong");
  }
  if (file->head.seq > last) {
    return fmt::format("the log is cut short: records {} to {} are missing at its end", last + 1,
                       file->head.seq);
  }
  if (file->head.seq == 0) return std::string();
  AILERON_ASSIGN(const auto hash, ReadHash(database, file->head.seq));
  if (hash && *hash == file->head.hash) return std::string();
  return fmt::format("record {} is not the one that audit.head was signed for", file->head.seq);
}

}  // namespace aileron::audit
