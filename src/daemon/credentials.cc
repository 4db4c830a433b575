// Tested by tests/proxy/test_injection.py.

#include "daemon/credentials.h"

namespace aileron::daemon {

void Credentials::Open(const vault::Binding& binding, const Done& done) {
  done(FromVault(binding.credential));
}

OpenedCredential Credentials::FromVault(const std::string& name) {
  auto secret = vault_.Open(name);
  if (secret) return OpenedSecret{.secret = std::move(*secret)};
  const std::string set = fmt::format("run \"aileron secret set {}\" on the host", name);
  switch (secret.error().code) {
    case Code::kUnavailable:
      return std::unexpected(Unopened{"vault_locked", "the vault is locked",
                                      "run \"aileron vault unlock\" on the host"});
    case Code::kNotFound:
      return std::unexpected(Unopened{"credential_missing", "the vault does not have it", set});
    default:
      return std::unexpected(Unopened{"credential_unusable", "its entry cannot be opened", set});
  }
}

}  // namespace aileron::daemon
