// VaultService: the vault as the daemon's clients and sessions see it.
//
// Passphrases are turned into keys on the background thread, one at a time. After a few wrong ones
// each further try has to wait, longer every time, however many clients ask. The vault locks by
// itself when its time has come, by the clock or by the machine's uptime, whichever is first, so
// that setting the clock back cannot keep it open. Whoever holds cached credentials hears of every
// change (set_on_change).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/audit_service.h"
#include "daemon/background.h"
#include "daemon/request.h"
#include "net/loop.h"
#include "vault/binding_set.h"
#include "vault/vault.h"

namespace aileron::daemon {

class VaultService {
 public:
  // Told on the loop. A Refusal when it did not work.
  using Done = std::function<void(std::optional<Refusal>)>;

  VaultService(net::Loop& loop, Background& background, AuditService& audit, vault::Vault vault);

  vault::State state() const { return vault_.state(); }
  std::optional<Time> LocksAt() const { return vault_.LocksAt(); }
  std::optional<Duration> auto_lock() const { return auto_lock_; }
  Result<std::vector<vault::EntryInfo>> List() const { return vault_.List(); }
  // The names of all entries. Cached: asked for with every request of a sandbox.
  const vault::CredentialNames& names() const { return names_; }

  void Init(Secret passphrase, std::optional<Duration> auto_lock, Done done);
  void Unlock(Secret passphrase, std::optional<Duration> auto_lock, Done done);
  // `both` is the old passphrase, a NUL, and the new one.
  void ChangePassphrase(Secret both, Done done);
  void Lock(std::string_view why);

  Result<vault::EntryInfo> Set(const std::string& name, const Secret& value);
  Status Remove(const std::string& name);
  // kUnavailable when locked or absent, kNotFound.
  Result<Secret> Open(const std::string& name);

  void set_on_change(std::function<void()> on_change) { on_change_ = std::move(on_change); }

 private:
  struct Derivation;
  // Derives on the background thread, then calls `use` with the keys, in order of `inputs`.
  void Derive(std::vector<std::pair<vault::DerivationInput, Secret>> inputs, Done done,
              std::function<std::optional<Refusal>(std::vector<Secret>&)> use);
  std::optional<Refusal> MayTry() const;
  std::optional<Refusal> Judge(const Status& status, std::string_view what);
  void Changed();
  void ReadNames();
  void StartClock(std::optional<Duration> auto_lock);
  void CheckAutoLock();

  Background& background_;
  AuditService& audit_;
  vault::Vault vault_;
  vault::CredentialNames names_;
  std::optional<Duration> auto_lock_;
  std::optional<Duration> locks_by_;  // Uptime() at which it locks, whatever the clock says
  net::Timer lock_timer_;
  bool deriving_ = false;
  int failures_ = 0;
  net::Instant try_again_{};
  std::function<void()> on_change_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
