// Credentials: opens what bindings name. The answer is told once, at once or later.
#pragma once

#include <functional>

#include "daemon/opened.h"
#include "daemon/vault_service.h"
#include "vault/binding.h"

namespace aileron::daemon {

class Credentials {
 public:
  // The credential is borrowed for the call.
  using Done = std::function<void(const OpenedCredential&)>;

  explicit Credentials(VaultService& vault) : vault_(vault) {}

  // Calls `done` once; from within the call when nothing has to be waited for.
  void Open(const vault::Binding& binding, const Done& done);

 private:
  OpenedCredential FromVault(const std::string& name);

  VaultService& vault_;
};

}  // namespace aileron::daemon
