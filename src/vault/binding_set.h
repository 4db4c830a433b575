// BindingSet: which bindings hold for a host.
//
// The most specific pattern of the user's wins, and all of the user's with that pattern hold
// together (several sentinels, or one header and one parameter). A built-in binding holds only
// where no binding of the user's matches and only when the vault has its credential. A user's
// binding holds whether its credential is there or not: a bound host fails closed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vault/binding.h"
#include "vault/binding_yaml.h"

namespace aileron::vault {

using CredentialNames = std::set<std::string, std::less<>>;

enum class CredentialState { kPresent, kMissing, kElsewhere };  // kElsewhere: not in the vault

struct BindingStatus {
  const Binding* binding = nullptr;  // borrowed from the set
  CredentialState credential = CredentialState::kMissing;
  bool active = false;
  std::string why;  // empty when active and complete; else why not, or what is missing
};

class BindingSet {
 public:
  BindingSet() : BindingSet(std::vector<Binding>()) {}
  explicit BindingSet(std::vector<Binding> user) : BindingSet(std::move(user), BuiltinBindings()) {}
  BindingSet(std::vector<Binding> user, std::vector<Binding> builtin)
      : user_(std::move(user)), builtin_(std::move(builtin)) {}

  // All of them, the user's first. `active` says whether a request could ever use it.
  std::vector<BindingStatus> All(const CredentialNames& present) const;
  // Those whose pattern and port match, those that hold first.
  std::vector<BindingStatus> For(std::string_view host, std::uint16_t port,
                                 const CredentialNames& present) const;
  // The ones that hold, alone. `host` as ParseHost spells it.
  std::vector<const Binding*> Applicable(std::string_view host, std::uint16_t port,
                                         const CredentialNames& present) const;
  const Binding* Find(std::string_view name) const;

 private:
  std::vector<Binding> user_;
  std::vector<Binding> builtin_;
};

}  // namespace aileron::vault
