// Credentials: opens what bindings name, wherever it is kept: in the vault, or where "from:" or
// "oauth2:" of the binding say.
//
// One opening for all who ask for the same at a time, in whichever session; each has a deadline,
// and an answer is always told. What was opened is kept in locked memory no longer than its source
// allows, and forgotten when the vault changes or is locked. A failure is kept for a moment, so
// that a client which tries again and again does not run a command or ask a server each time. Each
// opening is recorded, by the credential's name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/oauth2_opening.h"
#include "daemon/opened.h"
#include "daemon/opening.h"
#include "net/loop.h"
#include "vault/binding.h"

namespace aileron::daemon {

class Credentials {
 public:
  // The credential is borrowed for the call.
  using Done = std::function<void(const OpenedCredential&)>;

  Credentials(net::Loop& loop, VaultService& vault, AuditService& audit, CommandWorld commands);
  Status Start() { return files_.Start(); }

  // Calls `done` once; from within the call when nothing has to be waited for.
  void Open(const vault::Binding& binding, Done done);
  // Nothing that is kept, or being opened, is given out any more.
  void Forget();

 private:
  // What somebody waits for.
  struct Flight {
    Flight(net::Loop& loop, vault::Binding opened, std::function<void()> expired)
        : binding(std::move(opened)), deadline(loop, std::move(expired)) {}
    vault::Binding binding;
    std::vector<Done> waiting;
    std::unique_ptr<Opening> opening;
    net::Timer deadline;
    bool void_ = false;  // Forget() came meanwhile: it is opened anew
  };
  struct Kept {
    Secret secret;
    net::Instant again{};   // when it is to be opened again
    net::Instant until{};   // as long as it may be used
    Time again_by_clock{};  // the same on the wall clock, which goes on while the host sleeps
  };
  struct Failed {
    Unopened why;
    net::Instant until{};
  };

  std::unique_ptr<Opening> Make(const vault::Binding& binding, Opening::OnFresh on_fresh);
  void Begin(const std::string& key, const vault::Binding& binding, Done done);
  void Land(const std::string& key, FreshCredential fresh);
  void Record(const vault::Binding& binding, const FreshCredential& fresh);
  void Keep(const std::string& key, Fresh fresh);
  bool TellKept(const std::string& key, const std::vector<Done>& waiting);
  void DropOld();

  net::Loop& loop_;
  Background files_;
  OpeningWorld world_;
  UnstoredTokens unstored_;
  std::map<std::string, std::unique_ptr<Flight>> flights_;
  std::map<std::string, Kept> kept_;
  std::map<std::string, Failed> failed_;
  net::Timer old_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
