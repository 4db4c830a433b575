#include "vault/vault.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "base/wire.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "vault/limits.h"

namespace aileron::vault {
namespace {

// `entries` has no index on its names on purpose: a search through an index would miss whole
// entries next to one whose name was changed; a scan of a few thousand rows costs nothing.
constexpr std::array kMigrations{store::Migration{R"(
  CREATE TABLE header(
    id INTEGER PRIMARY KEY CHECK (id = 1), vault BLOB NOT NULL, memory_kib INTEGER NOT NULL,
    passes INTEGER NOT NULL, salt BLOB NOT NULL, wrapped_key BLOB NOT NULL,
    checksum BLOB NOT NULL) STRICT;
  CREATE TABLE entries(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL,
    updated_us INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
)"}};

std::string_view View(const std::array<char, 16>& bytes) { return {bytes.data(), bytes.size()}; }

Time TimeOf(std::int64_t microseconds) { return Time(Duration(microseconds)); }
std::int64_t MicrosecondsOf(Time time) { return time.time_since_epoch().count(); }

EntryInfo InfoOf(const store::Statement& row) {
  return {std::string(row.Text(0)), static_cast<std::uint64_t>(row.Integer(1)),
          TimeOf(row.Integer(2))};
}

std::unexpected<Error> Locked() {
  return Fail(Code::kUnavailable, "the vault is locked. Run \"aileron vault unlock\"");
}

std::unexpected<Error> Absent(std::string_view path) {
  return Fail(Code::kNotFound, "there is no vault at {}. Run \"aileron vault init\"", path);
}

void AddParameters(WireWriter& writer, const crypto::KdfParameters& kdf) {
  writer.U32(kdf.memory_kib);
  writer.U32(kdf.passes);
  writer.Text({reinterpret_cast<const char*>(kdf.salt.data()), kdf.salt.size()});
}

}  // namespace

std::string_view StateName(State state) {
  switch (state) {
    case State::kAbsent:
      return "absent";
    case State::kLocked:
      return "locked";
    case State::kUnlocked:
      return "unlocked";
  }
  return "locked";
}

Result<Secret> Derive(const DerivationInput& input, const Secret& passphrase) {
  if (input.purpose == DerivationInput::Purpose::kNew &&
      passphrase.size() < limits::kPassphraseMin) {
    return Fail(Code::kInvalid, "the passphrase is too short: it needs at least {} characters",
                limits::kPassphraseMin);
  }
  if (passphrase.size() > limits::kPassphraseMax) {
    return Fail(Code::kInvalid, "the passphrase is too long: at most {} bytes are taken",
                limits::kPassphraseMax);
  }
  return crypto::DeriveKey(input.parameters, passphrase);
}

Result<Vault> Vault::Open(std::string path, crypto::KdfCost cost) {
  Vault vault(std::move(path), cost);
  struct stat info;
  if (lstat(vault.path_.c_str(), &info) != 0 && errno == ENOENT) return vault;
  AILERON_TRY(vault.OpenFile());
  return vault;
}

Status Vault::OpenFile() {
  AILERON_ASSIGN(database_, store::Database::Open({.path = path_,
                                                   .what = "vault",
                                                   .migrations = kMigrations,
                                                   .durability = store::Durability::kFull}));
  AILERON_ASSIGN(header_, ReadHeader());
  return {};
}

State Vault::state() const {
  if (!header_) return State::kAbsent;
  return data_key_.empty() ? State::kLocked : State::kUnlocked;
}

DerivationInput Vault::PrepareNew() const {
  return {DerivationInput::Purpose::kNew, crypto::MakeKdfParameters(cost_)};
}

Result<DerivationInput> Vault::PrepareUnlock() const {
  if (!header_) return Absent(path_);
  return DerivationInput{DerivationInput::Purpose::kExisting, header_->kdf};
}

Status Vault::Init(const DerivationInput& input, const Secret& key, Time now,
                   std::optional<Duration> auto_lock) {
  if (header_) {
    return Fail(Code::kInvalid,
                "there is a vault at {} already. Run \"aileron vault unlock\", or \"aileron vault "
                "change-passphrase\"",
                path_);
  }
  if (!database_) AILERON_TRY(OpenFile());
  if (header_) return Fail(Code::kInvalid, "there is a vault at {} already", path_);
  Header header;
  const auto id = crypto::RandomBytes<16>();
  std::ranges::copy(id, header.id.begin());
  header.kdf = input.parameters;
  Secret data_key = crypto::MakeAeadKey();
  header.wrapped_key = WrapKey(data_key, key, header);
  AILERON_TRY(WriteHeader(header));
  header_ = std::move(header);
  data_key_ = std::move(data_key);
  StartClock(now, auto_lock);
  return {};
}

Status Vault::Unlock(const Secret& key, Time now, std::optional<Duration> auto_lock) {
  AILERON_ASSIGN(data_key_, UnwrapKey(key));
  StartClock(now, auto_lock);
  return {};
}

void Vault::Lock() {
  data_key_ = Secret();
  locks_at_.reset();
}

Status Vault::ChangePassphrase(const Secret& old_key, const DerivationInput& input,
                               const Secret& new_key) {
  AILERON_ASSIGN(const Secret data_key, UnwrapKey(old_key));
  Header header = *header_;
  header.kdf = input.parameters;
  header.wrapped_key = WrapKey(data_key, new_key, header);
  AILERON_TRY(WriteHeader(header));
  header_ = std::move(header);
  // The old wrapping must not stay behind in the log. When this fails, a later checkpoint does it.
  (void)database_->Checkpoint();
  return {};
}

bool Vault::LockIfDue(Time now) {
  if (data_key_.empty() || !locks_at_) return false;
  if (now < *locks_at_ && now >= unlocked_at_ - limits::kClockSlack) return false;
  Lock();
  return true;
}

Result<EntryInfo> Vault::Set(std::string_view name, const Secret& value, Time now) {
  AILERON_TRY(CheckName(name));
  if (LockIfDue(now) || data_key_.empty()) return header_ ? Locked() : Absent(path_);
  if (value.empty() || value.size() > limits::kSecretMax) {
    return Fail(Code::kInvalid, "the value of {} has {} bytes; it must have 1 to {}", name,
                value.size(), limits::kSecretMax);
  }
  AILERON_ASSIGN(auto transaction, store::Transaction::Begin(*database_));
  AILERON_ASSIGN(auto find, database_->Prepare("SELECT max(version) FROM entries WHERE name = ?"));
  AILERON_TRY(find.Bind(0, name).Step());
  // A version out of a damaged row is no reason to overflow.
  constexpr std::int64_t kSane = std::int64_t{1} << 48;
  const std::int64_t old = find.Integer(0);
  EntryInfo info{std::string(name),
                 old > 0 && old < kSane ? static_cast<std::uint64_t>(old) + 1 : 1, now};
  const bool fresh = find.IsNull(0);
  find.Reset();
  AILERON_ASSIGN(const auto count, database_->QueryInteger("SELECT count(*) FROM entries"));
  if (fresh && count >= static_cast<std::int64_t>(limits::kEntriesMax)) {
    return Fail(Code::kInvalid, "the vault is full: it takes {} entries", limits::kEntriesMax);
  }
  AILERON_ASSIGN(auto remove, database_->Prepare("DELETE FROM entries WHERE name = ?"));
  AILERON_TRY(remove.Bind(0, name).Run());
  const std::string sealed = crypto::Seal(data_key_, value.Reveal(), EntryPlace(info));
  AILERON_ASSIGN(auto insert, database_->Prepare("INSERT INTO entries(name, version, updated_us, "
                                                 "sealed) VALUES (?, ?, ?, ?)"));
  insert.Bind(0, name).Bind(1, static_cast<std::int64_t>(info.version));
  AILERON_TRY(insert.Bind(2, MicrosecondsOf(now)).BindBlob(3, sealed).Run());
  AILERON_TRY(transaction.Commit());
  return info;
}

Status Vault::Remove(std::string_view name) {
  AILERON_TRY(CheckName(name));
  if (!header_) return Absent(path_);
  AILERON_ASSIGN(auto remove, database_->Prepare("DELETE FROM entries WHERE name = ?"));
  AILERON_TRY(remove.Bind(0, name).Run());
  if (database_->Changes() == 0) return Fail(Code::kNotFound, "the vault has no entry {}", name);
  (void)database_->Checkpoint();
  return {};
}

Result<std::vector<EntryInfo>> Vault::List() const {
  std::vector<EntryInfo> entries;
  if (!header_) return entries;
  AILERON_ASSIGN(auto rows,
                 database_->Prepare("SELECT name, version, updated_us FROM entries ORDER BY name"));
  while (true) {
    AILERON_ASSIGN(const auto next, rows.Step());
    if (next == store::Statement::Next::kDone) return entries;
    entries.push_back(InfoOf(rows));
  }
}

Result<Secret> Vault::Open(std::string_view name, Time now) {
  AILERON_TRY(CheckName(name));
  LockIfDue(now);
  AILERON_TRY(CheckUnlocked());
  AILERON_ASSIGN(auto row,
                 database_->Prepare("SELECT name, version, updated_us, sealed FROM entries WHERE "
                                    "name = ? ORDER BY version DESC LIMIT 1"));
  AILERON_ASSIGN(const auto next, row.Bind(0, name).Step());
  if (next == store::Statement::Next::kDone) {
    return Fail(Code::kNotFound, "the vault has no entry {}. Run \"aileron secret set {}\"", name,
                name);
  }
  return OpenEntry(InfoOf(row), row.Blob(3));
}

Result<std::vector<Vault::Problem>> Vault::CheckAll() const {
  AILERON_TRY(CheckUnlocked());
  std::vector<Problem> problems;
  AILERON_ASSIGN(auto rows, database_->Prepare("SELECT name, version, updated_us, sealed FROM "
                                               "entries ORDER BY name"));
  while (true) {
    AILERON_ASSIGN(const auto next, rows.Step());
    if (next == store::Statement::Next::kDone) return problems;
    const EntryInfo info = InfoOf(rows);
    if (auto value = OpenEntry(info, rows.Blob(3)); !value) {
      problems.push_back({Printable(info.name), std::move(value).error().message});
    }
  }
}

Result<std::optional<Vault::Header>> Vault::ReadHeader() const {
  AILERON_ASSIGN(auto row,
                 database_->Prepare("SELECT vault, memory_kib, passes, salt, wrapped_key, "
                                    "checksum FROM header WHERE id = 1"));
  AILERON_ASSIGN(const auto next, row.Step());
  if (next == store::Statement::Next::kDone) {
    AILERON_ASSIGN(const auto entries, database_->QueryInteger("SELECT count(*) FROM entries"));
    if (entries == 0) return std::nullopt;
  }
  Header header;
  const auto id = row.Blob(0);
  const auto salt = row.Blob(3);
  const auto in_range = [](std::int64_t value) { return value >= 0 && value <= UINT32_MAX; };
  if (next == store::Statement::Next::kRow && id.size() == header.id.size() &&
      salt.size() == header.kdf.salt.size() && in_range(row.Integer(1)) &&
      in_range(row.Integer(2))) {
    std::ranges::copy(id, header.id.begin());
    std::ranges::copy(salt, header.kdf.salt.begin());
    header.kdf.memory_kib = static_cast<std::uint32_t>(row.Integer(1));
    header.kdf.passes = static_cast<std::uint32_t>(row.Integer(2));
    header.wrapped_key = row.Blob(4);
    if (crypto::ConstantTimeEqual(Checksum(header), row.Blob(5)) && crypto::Check(header.kdf)) {
      return header;
    }
  }
  return Fail(
      Code::kInvalid,
      "the vault {} is damaged: the record of its key is not what was written. Put a backup "
      "in its place, or move it away and run \"aileron vault init\"",
      path_);
}

Status Vault::WriteHeader(const Header& header) const {
  AILERON_ASSIGN(auto write,
                 database_->Prepare("INSERT OR REPLACE INTO header(id, vault, memory_kib, passes, "
                                    "salt, wrapped_key, checksum) VALUES (1, ?, ?, ?, ?, ?, ?)"));
  write.BindBlob(0, View(header.id)).Bind(1, header.kdf.memory_kib).Bind(2, header.kdf.passes);
  write.BindBlob(3,
                 {reinterpret_cast<const char*>(header.kdf.salt.data()), header.kdf.salt.size()});
  return write.BindBlob(4, header.wrapped_key).BindBlob(5, Checksum(header)).Run();
}

std::string Vault::KeyPlace(const Header& header) {
  WireWriter place;
  place.Text("aileron vault key v1");
  place.Text(View(header.id));
  AddParameters(place, header.kdf);
  return place.Take();
}

std::string Vault::WrapKey(const Secret& data_key, const Secret& key, const Header& header) {
  return crypto::Seal(key, data_key.Reveal(), KeyPlace(header));
}

Result<Secret> Vault::UnwrapKey(const Secret& key) const {
  if (!header_) return Absent(path_);
  auto data_key = crypto::Open(key, header_->wrapped_key, KeyPlace(*header_));
  // The checksum held when the header was read, so it is the passphrase.
  if (!data_key || data_key->size() != crypto::kAeadKeySize) {
    return Fail(Code::kDenied, "wrong passphrase for the vault {}", path_);
  }
  return data_key;
}

std::string Vault::Checksum(const Header& header) {
  WireWriter writer;
  writer.Text("aileron vault header v1");
  writer.Text(View(header.id));
  AddParameters(writer, header.kdf);
  writer.Text(header.wrapped_key);
  return std::string(crypto::AsText(crypto::Hash(writer.bytes())));
}

std::string Vault::EntryPlace(const EntryInfo& info) const {
  WireWriter place;
  place.Text("aileron vault entry v1");
  place.Text(View(header_->id));
  place.Text(info.name);
  place.U64(info.version);
  place.U64(static_cast<std::uint64_t>(MicrosecondsOf(info.updated)));
  return place.Take();
}

Result<Secret> Vault::OpenEntry(const EntryInfo& info, std::string_view sealed) const {
  auto value = crypto::Open(data_key_, sealed, EntryPlace(info));
  if (value) return value;
  return Fail(
      Code::kInvalid,
      "the vault's entry {} is damaged: it is not what was written. Run \"aileron secret set "
      "{}\" to write it anew",
      Printable(info.name), Printable(info.name));
}

Status Vault::CheckUnlocked() const {
  if (!header_) return Absent(path_);
  if (data_key_.empty()) return Locked();
  return {};
}

void Vault::StartClock(Time now, std::optional<Duration> auto_lock) {
  unlocked_at_ = now;
  locks_at_.reset();
  if (auto_lock) locks_at_ = now + *auto_lock;
}

}  // namespace aileron::vault
