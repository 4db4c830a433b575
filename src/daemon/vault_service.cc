// Tested by tests/vault/test_vault.py.

#include "daemon/vault_service.h"

#include "base/log.h"

namespace aileron::daemon {

namespace {

Refusal ToRefusal(const Error& error) {
  switch (error.code) {
    case Code::kUnavailable:
      return {503, "vault_unavailable", error.message, ""};
    case Code::kNotFound:
      return {404, "vault_absent", error.message, "run \"aileron vault init\""};
    case Code::kDenied:
      return {403, "denied", error.message, ""};
    case Code::kInvalid:
      return {400, "invalid", error.message, ""};
    default:
      return {500, "internal", error.message, "see the daemon's log"};
  }
}

}  // namespace

// What travels to the background thread and back. Shared, since std::function copies.
struct VaultService::Derivation {
  std::vector<std::pair<vault::DerivationInput, Secret>> inputs;
  std::vector<Secret> keys;
  std::optional<Error> error;
};

VaultService::VaultService(net::Loop& loop, Background& background, AuditService& audit,
                           vault::Vault vault)
    : background_(background),
      audit_(audit),
      vault_(std::move(vault)),
      lock_timer_(loop, [this] { CheckAutoLock(); }) {
  ReadNames();
}

void VaultService::ReadNames() {
  names_.clear();
  if (vault_.state() == vault::State::kAbsent) return;
  const auto entries = vault_.List();
  if (!entries) {
    LogError("cannot list the vault: {}", entries.error().message);
    return;
  }
  for (const vault::EntryInfo& entry : *entries) names_.insert(entry.name);
}

void VaultService::Changed() {
  ReadNames();
  if (on_change_) on_change_();
}

std::optional<Refusal> VaultService::MayTry() const {
  if (deriving_) {
    return Refusal{429, "vault_busy", "another passphrase is being checked",
                   "try again in a second"};
  }
  const auto left = try_again_ - std::chrono::steady_clock::now();
  if (left <= net::Interval::zero()) return std::nullopt;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  return Refusal{429, "too_many_attempts",
                 fmt::format("after {} wrong passphrases each try has to wait", failures_),
                 fmt::format("try again in {} s", seconds)};
}

// Counts wrong passphrases, and turns a status into what the client is told.
std::optional<Refusal> VaultService::Judge(const Status& status, std::string_view what) {
  if (status) {
    failures_ = 0;
    return std::nullopt;
  }
  audit_.Event("vault.failed", "deny", fmt::format("{}: {}", what, status.error().message));
  if (status.error().code != Code::kDenied) return ToRefusal(status.error());
  ++failures_;
  if (failures_ >= limits::kFreeAttempts) {
    const int doublings = std::min(failures_ - limits::kFreeAttempts, 6);
    const std::chrono::seconds penalty = std::min<std::chrono::seconds>(
        limits::kFirstPenalty * (1 << doublings), limits::kLongestPenalty);
    try_again_ = std::chrono::steady_clock::now() + penalty;
  }
  return Refusal{403, "wrong_passphrase", "the passphrase is wrong", "try again"};
}

void VaultService::Derive(std::vector<std::pair<vault::DerivationInput, Secret>> inputs, Done done,
                          std::function<std::optional<Refusal>(std::vector<Secret>&)> use) {
  auto shared = std::make_shared<Derivation>();
  shared->inputs = std::move(inputs);
  deriving_ = true;
  const auto work = [shared] {
    for (auto& [input, passphrase] : shared->inputs) {
      auto key = vault::Derive(input, passphrase);
      passphrase = Secret();
      if (!key) {
        shared->error = std::move(key.error());
        break;
      }
      shared->keys.push_back(std::move(*key));
    }
    shared->inputs.clear();
  };
  const auto end = [this, alive = std::weak_ptr(alive_), shared, done, use = std::move(use)] {
    if (alive.expired()) return;
    deriving_ = false;
    if (shared->error) {
      done(ToRefusal(*shared->error));
    } else {
      done(use(shared->keys));
    }
    shared->keys.clear();
  };
  if (auto started = background_.Run(work, end); !started) {
    deriving_ = false;
    done(ToRefusal(started.error()));
  }
}

void VaultService::Init(Secret passphrase, std::optional<Duration> auto_lock, Done done) {
  if (auto refusal = MayTry()) return done(std::move(refusal));
  if (vault_.state() != vault::State::kAbsent) {
    return done(Refusal{409, "vault_exists", "there is a vault already",
                        "run \"aileron vault unlock\", or \"aileron vault change-passphrase\""});
  }
  const vault::DerivationInput input = vault_.PrepareNew();
  std::vector<std::pair<vault::DerivationInput, Secret>> inputs;
  inputs.emplace_back(input, std::move(passphrase));
  Derive(std::move(inputs), std::move(done),
         [this, input, auto_lock](std::vector<Secret>& keys) -> std::optional<Refusal> {
           if (auto made = vault_.Init(input, keys[0], Now(), auto_lock); !made) {
             return ToRefusal(made.error());
           }
           StartClock(auto_lock);
           audit_.Event("vault.init", "allow", "");
           CheckAutoLock();
           Changed();
           return std::nullopt;
         });
}

void VaultService::Unlock(Secret passphrase, std::optional<Duration> auto_lock, Done done) {
  if (auto refusal = MayTry()) return done(std::move(refusal));
  const auto input = vault_.PrepareUnlock();
  if (!input) return done(ToRefusal(input.error()));
  std::vector<std::pair<vault::DerivationInput, Secret>> inputs;
  inputs.emplace_back(*input, std::move(passphrase));
  Derive(std::move(inputs), std::move(done),
         [this, auto_lock](std::vector<Secret>& keys) -> std::optional<Refusal> {
           const Status unlocked = vault_.Unlock(keys[0], Now(), auto_lock);
           if (auto refusal = Judge(unlocked, "unlock")) return refusal;
           StartClock(auto_lock);
           audit_.Event("vault.unlock", "allow",
                        auto_lock ? fmt::format("locks after {}", FormatDuration(*auto_lock)) : "");
           CheckAutoLock();
           Changed();
           return std::nullopt;
         });
}

void VaultService::ChangePassphrase(Secret both, Done done) {
  if (auto refusal = MayTry()) return done(std::move(refusal));
  const std::size_t middle = both.Reveal().find('\0');
  if (middle == std::string_view::npos) {
    return done(
        Refusal{400, "invalid", "the body must be the old passphrase, a NUL, and the new one", ""});
  }
  const auto old_input = vault_.PrepareUnlock();
  if (!old_input) return done(ToRefusal(old_input.error()));
  const vault::DerivationInput new_input = vault_.PrepareNew();
  std::vector<std::pair<vault::DerivationInput, Secret>> inputs;
  inputs.emplace_back(*old_input, Secret(both.Reveal().substr(0, middle)));
  inputs.emplace_back(new_input, Secret(both.Reveal().substr(middle + 1)));
  Derive(std::move(inputs), std::move(done),
         [this, new_input](std::vector<Secret>& keys) -> std::optional<Refusal> {
           const Status changed = vault_.ChangePassphrase(keys[0], new_input, keys[1]);
           if (auto refusal = Judge(changed, "change-passphrase")) return refusal;
           audit_.Event("vault.passphrase", "allow", "");
           return std::nullopt;
         });
}

void VaultService::Lock(std::string_view why) {
  if (vault_.state() != vault::State::kUnlocked) return;
  vault_.Lock();
  lock_timer_.Cancel();
  StartClock(std::nullopt);
  audit_.Event("vault.lock", "allow", std::string(why));
  Changed();
}

void VaultService::StartClock(std::optional<Duration> auto_lock) {
  auto_lock_ = auto_lock;
  locks_by_.reset();
  if (auto_lock) locks_by_ = Uptime() + *auto_lock;
}

// Both clocks go on while the machine sleeps, and the timer does not: looked at once a while, not
// slept for.
void VaultService::CheckAutoLock() {
  lock_timer_.Cancel();
  const Time now = Now();
  const Duration uptime = Uptime();
  if (locks_by_ && uptime >= *locks_by_) return Lock("its time had come");
  if (vault_.LockIfDue(now)) {
    StartClock(std::nullopt);
    audit_.Event("vault.lock", "allow", "its time had come");
    Changed();
    return;
  }
  const auto due = vault_.LocksAt();
  if (!due || !locks_by_) return;
  const Duration left = std::min<Duration>(*due - now, *locks_by_ - uptime);
  lock_timer_.Set(
      std::clamp<Duration>(left, std::chrono::milliseconds(1), std::chrono::seconds(5)));
}

Result<vault::EntryInfo> VaultService::Set(const std::string& name, const Secret& value) {
  AILERON_ASSIGN(const vault::EntryInfo info, vault_.Set(name, value, Now()));
  audit_.Event("secret.set", "allow", fmt::format("version {}", info.version), {}, name);
  Changed();
  return info;
}

Status VaultService::Remove(const std::string& name) {
  AILERON_TRY(vault_.Remove(name));
  audit_.Event("secret.remove", "allow", "", {}, name);
  Changed();
  return {};
}

Result<Secret> VaultService::Open(const std::string& name) {
  CheckAutoLock();
  return vault_.Open(name, Now());
}

}  // namespace aileron::daemon
