// Vault: sealed credentials in one file.
//
//   vault.db   header: vault id, Argon2id parameters, the data key sealed by the passphrase's key,
//                      a checksum that tells damage from a wrong passphrase
//              entry:  name, version, updated (readable while locked), sealed value
//
// Every value is sealed by a random data key, with the vault's id and the entry's name, version and
// time as associated data: a changed byte, or a value moved to another entry, is an error that
// names the entry, and the others still open. What an attacker with write access can do unseen is
// to bring an older whole entry back, or remove one.
//
// A new passphrase seals the same data key again; the entries stay as they are. The expensive
// derivation is apart (Prepare…, then Derive on any thread, then Unlock), so that an event loop
// does not wait for it. No clock inside: callers pass `now`, and LocksAt() is data.
//
// Errors: kUnavailable locked or disk full, kNotFound no such entry or no vault, kDenied wrong
// passphrase, kInvalid damaged or bad input.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/kdf.h"
#include "store/database.h"
#include "vault/entry_name.h"

namespace aileron::vault {

enum class State { kAbsent, kLocked, kUnlocked };
std::string_view StateName(State state);  // "absent", "locked", "unlocked"

struct EntryInfo {
  std::string name;
  std::uint64_t version = 0;  // from 1, one more each time it is set
  Time updated;
};

// What Derive needs besides the passphrase. A plain value: give it to any thread.
struct DerivationInput {
  enum class Purpose { kExisting, kNew };
  Purpose purpose = Purpose::kExisting;
  crypto::KdfParameters parameters;
};

// The passphrase's key. Slow on purpose; pure. kInvalid when a new passphrase is too short or any
// is too long.
Result<Secret> Derive(const DerivationInput& input, const Secret& passphrase);

class Vault {
 public:
  // The file need not exist: then the state is kAbsent. `cost` is for vaults made from now on.
  static Result<Vault> Open(std::string path, crypto::KdfCost cost = {});

  State state() const;

  // A fresh salt, for Init and ChangePassphrase.
  DerivationInput PrepareNew() const;
  // The stored parameters. kNotFound when there is no vault.
  Result<DerivationInput> PrepareUnlock() const;

  // Makes the file and leaves the vault unlocked (until Lock or, when given, `auto_lock` has
  // passed). kInvalid when there is one.
  Status Init(const DerivationInput& input, const Secret& key, Time now,
              std::optional<Duration> auto_lock);
  // kDenied: wrong passphrase.
  Status Unlock(const Secret& key, Time now, std::optional<Duration> auto_lock);
  // Wipes the data key.
  void Lock();
  // `old_key` is checked even while unlocked. The lock state stays.
  Status ChangePassphrase(const Secret& old_key, const DerivationInput& input,
                          const Secret& new_key);

  // When it locks by itself; nothing while locked or without a limit.
  std::optional<Time> LocksAt() const { return locks_at_; }
  // Locks when the time has come. True when it did so now.
  bool LockIfDue(Time now);

  // Adds or replaces. Needs the vault unlocked.
  Result<EntryInfo> Set(std::string_view name, const Secret& value, Time now);
  // Works while locked. kNotFound.
  Status Remove(std::string_view name);
  // By name. Works while locked; then names are what the file says.
  Result<std::vector<EntryInfo>> List() const;
  // The value. kUnavailable while locked, also when LocksAt() has passed at `now`.
  Result<Secret> Open(std::string_view name, Time now);

  // Opens every entry and says which do not. Needs the vault unlocked.
  struct Problem {
    std::string name;
    std::string what;
  };
  Result<std::vector<Problem>> CheckAll() const;

  // For tests of a full disk. Needs a vault.
  store::Database& database() { return *database_; }

 private:
  struct Header {
    std::array<char, 16> id{};
    crypto::KdfParameters kdf;
    std::string wrapped_key;
  };
  Vault(std::string path, crypto::KdfCost cost) : path_(std::move(path)), cost_(cost) {}
  Status OpenFile();
  Result<std::optional<Header>> ReadHeader() const;
  Status WriteHeader(const Header& header) const;
  Result<Secret> UnwrapKey(const Secret& key) const;
  Result<Secret> OpenEntry(const EntryInfo& info, std::string_view sealed) const;
  static std::string WrapKey(const Secret& data_key, const Secret& key, const Header& header);
  static std::string KeyPlace(const Header& header);
  static std::string Checksum(const Header& header);
  std::string EntryPlace(const EntryInfo& info) const;
  Status CheckUnlocked() const;
  void StartClock(Time now, std::optional<Duration> auto_lock);

  std::string path_;
  crypto::KdfCost cost_;
  std::unique_ptr<store::Database> database_;  // null while there is no file
  std::optional<Header> header_;               // empty while there is no vault
  Secret data_key_;                            // empty while locked
  Time unlocked_at_{};
  std::optional<Time> locks_at_;
};

}  // namespace aileron::vault
