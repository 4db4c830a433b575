#include "daemon/credentials.h"

#include "base/log.h"
#include "daemon/command_opening.h"
#include "daemon/file_opening.h"
#include "daemon/hashicorp_opening.h"
#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using Kind = vault::CredentialSource::Kind;

// What tells one opening from another: bindings that say the same of the same credential share it.
std::string KeyOf(const vault::Binding& binding) {
  std::string key = binding.credential;
  if (binding.from) {
    for (const auto& [name, value] : binding.from->Write()) {
      key += fmt::format("\n{}: {}", name, value);
    }
  }
  if (binding.oauth2) {
    for (const auto& [name, value] : binding.oauth2->Write()) {
      key += fmt::format("\noauth2 {}: {}", name, value);
    }
  }
  return key;
}

std::string_view HowOpened(const vault::Binding& binding) {
  return binding.from ? binding.from->KindName() : "oauth2";
}

OpenedSecret Given(Secret secret, Duration keep) {
  const auto most = std::min<Duration>(keep, limits::kWorkerKeep);
  return {.secret = std::move(secret),
          .keep = std::chrono::duration_cast<std::chrono::milliseconds>(
              std::max(most, Duration::zero()))};
}

}  // namespace

Credentials::Credentials(net::Loop& loop, VaultService& vault, AuditService& audit,
                         CommandWorld commands)
    : loop_(loop),
      files_(loop),
      world_{.loop = loop,
             .vault = vault,
             .audit = audit,
             .files = files_,
             .commands = std::move(commands)},
      old_(loop, [this] { DropOld(); }) {}

void Credentials::Open(const vault::Binding& binding, Done done) {
  if (!binding.elsewhere()) {
    auto secret = OpenEntry(world_.vault, binding.credential);
    if (!secret) return done(std::unexpected(std::move(secret.error())));
    return done(OpenedSecret{.secret = std::move(*secret)});
  }
  const std::string key = KeyOf(binding);
  if (const auto flight = flights_.find(key); flight != flights_.end()) {
    flight->second->waiting.push_back(std::move(done));
    return;
  }
  if (const auto kept = kept_.find(key); kept != kept_.end() && loop_.now() < kept->second.again &&
                                         Now() < kept->second.again_by_clock) {
    TellKept(key, {std::move(done)});
    return;
  }
  if (const auto failed = failed_.find(key); failed != failed_.end()) {
    if (loop_.now() < failed->second.until) return done(std::unexpected(failed->second.why));
    failed_.erase(failed);
  }
  if (flights_.size() >= limits::kOpenings) {
    return done(std::unexpected(
        Unopened{"credential_busy", "too many are being opened at once", "try again in a moment"}));
  }
  Begin(key, binding, std::move(done));
}

std::unique_ptr<Opening> Credentials::Make(const vault::Binding& binding,
                                           Opening::OnFresh on_fresh) {
  if (binding.oauth2) {
    return std::make_unique<OAuth2Opening>(world_, unstored_, binding.credential, *binding.oauth2,
                                           std::move(on_fresh));
  }
  const vault::CredentialSource& source = *binding.from;
  switch (source.kind) {
    case Kind::kExec:
    case Kind::kShell:
      return std::make_unique<CommandOpening>(world_, source, std::move(on_fresh));
    case Kind::kFile:
      return std::make_unique<FileOpening>(world_, source.text, source, std::move(on_fresh));
    case Kind::kHashicorp:
      return std::make_unique<HashicorpOpening>(world_, source, std::move(on_fresh));
  }
  return nullptr;
}

void Credentials::Begin(const std::string& key, const vault::Binding& binding, Done done) {
  auto& flight = flights_[key];
  flight = std::make_unique<Flight>(loop_, binding, [this, key] {
    Land(key, std::unexpected(Unopened{"source_timeout", "it was not opened in time",
                                       "see \"aileron binding check\" on the host"}));
  });
  flight->waiting.push_back(std::move(done));
  flight->deadline.Set(limits::kCredentialWait);
  // Posted: the opening is destroyed by whom it tells.
  flight->opening = Make(binding, [this, key](FreshCredential fresh) {
    auto shared = std::make_shared<FreshCredential>(std::move(fresh));
    loop_.Post([this, key, shared, alive = std::weak_ptr(alive_),
                opening = flights_.at(key)->opening.get()] {
      if (alive.expired()) return;
      const auto found = flights_.find(key);
      // Its deadline may have been quicker, and another flight be under way.
      if (found == flights_.end() || found->second->opening.get() != opening) return;
      Land(key, std::move(*shared));
    });
  });
}

void Credentials::Land(const std::string& key, FreshCredential fresh) {
  const auto found = flights_.find(key);
  const std::unique_ptr<Flight> flight = std::move(found->second);
  flights_.erase(found);
  Record(flight->binding, fresh);
  if (flight->void_) {
    for (Done& done : flight->waiting) Open(flight->binding, std::move(done));
    return;
  }
  if (fresh) {
    const OpenedCredential opened = Given(fresh->secret.Duplicate(), fresh->keep);
    Keep(key, std::move(*fresh));
    for (const Done& done : flight->waiting) done(opened);
    return;
  }
  if (const auto kept = kept_.find(key); kept != kept_.end()) {
    // Renewing failed, and what there is still serves: it is used for a while.
    kept->second.again = std::min(loop_.now() + limits::kRenewAgain, kept->second.until);
    kept->second.again_by_clock = Now() + limits::kRenewAgain;
    if (TellKept(key, flight->waiting)) return;
  }
  if (failed_.size() >= limits::kKept) failed_.clear();
  failed_[key] = {fresh.error(), loop_.now() + limits::kFailureKept};
  const OpenedCredential refused = std::unexpected(std::move(fresh.error()));
  for (const Done& done : flight->waiting) done(refused);
}

void Credentials::Record(const vault::Binding& binding, const FreshCredential& fresh) {
  world_.audit.Event("credential.open", fresh ? "allow" : "deny",
                     fresh ? std::string(HowOpened(binding))
                           : fmt::format("{}: {} ({})", HowOpened(binding), fresh.error().message,
                                         fresh.error().code),
                     {}, binding.credential);
}

void Credentials::Keep(const std::string& key, Fresh fresh) {
  failed_.erase(key);
  kept_.erase(key);
  if (fresh.keep <= Duration::zero()) return;
  if (kept_.size() >= limits::kKept) kept_.clear();
  kept_[key] = {.secret = std::move(fresh.secret),
                .again = loop_.now() + fresh.keep,
                .until = loop_.now() + std::max(fresh.keep, fresh.valid),
                .again_by_clock = Now() + fresh.keep};
  DropOld();
}

// False when what is kept may not be used any more.
bool Credentials::TellKept(const std::string& key, const std::vector<Done>& waiting) {
  const Kept& kept = kept_.at(key);
  if (loop_.now() >= kept.until) return false;
  const OpenedCredential opened = Given(
      kept.secret.Duplicate(), std::chrono::duration_cast<Duration>(kept.again - loop_.now()));
  for (const Done& done : waiting) done(opened);
  return true;
}

void Credentials::DropOld() {
  std::erase_if(kept_, [this](const auto& each) { return each.second.until <= loop_.now(); });
  auto next = net::Instant::max();
  for (const auto& [key, kept] : kept_) next = std::min(next, kept.until);
  old_.Cancel();
  if (next != net::Instant::max()) old_.Set(next - loop_.now());
}

void Credentials::Forget() {
  if (world_.storing) return;  // a refresh token was exchanged: nothing else has changed
  kept_.clear();
  failed_.clear();
  for (const auto& [key, flight] : flights_) flight->void_ = true;
}

}  // namespace aileron::daemon
