// CredentialRules: which credentials may go along with a request, where rules say so.
//
// Each rule narrows: a credential goes along where every rule that could speak of the request lists
// it. Like a rule that asks, it holds for what any server may take for the request that it names.
// One of a program ("by") narrows what that program's requests get, and keeps what it lists for
// them: of each file that has such a rule, one has to list the credential whose program it surely
// is and which, like a rule that allows, names exactly that request.
// Compiled by host. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.h"
#include "policy/request_rules.h"

namespace aileron::policy {

class CredentialRules {
 public:
  CredentialRules();
  explicit CredentialRules(std::vector<CredentialRule> rules);
  CredentialRules(CredentialRules&&) noexcept;
  CredentialRules& operator=(CredentialRules&&) noexcept;
  ~CredentialRules();

  // The rule that keeps the credential back from this request, borrowed; null: none does.
  const CredentialRule* Against(const RequestTarget& target, std::string_view credential) const;
  // Whether single requests to the place are told apart.
  bool SpeaksOfRequests(std::string_view host, std::uint16_t port) const;
  // As Against, by the rules about every request to the place.
  const CredentialRule* AgainstAll(std::string_view host, std::uint16_t port,
                                   std::string_view credential, const Caller* caller) const;
  // Those that may go along; nothing where no rule speaks.
  std::optional<std::vector<std::string>> Listed(const RequestTarget& target) const;
  // Those that do not go along since rules list them for other programs.
  std::vector<std::string> KeptForOthers(const RequestTarget& target) const;

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace aileron::policy
