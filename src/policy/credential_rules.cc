// Tested by src/policy/evaluator_test.cc.
#include "policy/credential_rules.h"

#include <algorithm>

#include "policy/host_index.h"

namespace aileron::policy {
namespace {

bool Lists(const CredentialRule& rule, std::string_view credential) {
  return std::ranges::find(rule.credentials, credential) != rule.credentials.end();
}

bool Speaks(const CredentialRule& rule, const RequestTarget& target) {
  return rule.scope.MayCover(target.method, target.path, target.doubt);
}

}  // namespace

struct CredentialRules::Index {
  std::vector<CredentialRule> rules;  // never changed after compiling: the index points into it
  HostIndex<CredentialRule> hosts;

  template <typename Visit>
  void ForEach(std::string_view host, std::uint16_t port, Visit&& visit) const {
    hosts.Any(host, [&](const CredentialRule& rule) {
      if (!rule.port || *rule.port == port) visit(rule);
      return false;
    });
  }
};

CredentialRules::CredentialRules() : index_(std::make_unique<Index>()) {}
CredentialRules::CredentialRules(CredentialRules&&) noexcept = default;
CredentialRules& CredentialRules::operator=(CredentialRules&&) noexcept = default;
CredentialRules::~CredentialRules() = default;

CredentialRules::CredentialRules(std::vector<CredentialRule> rules) : CredentialRules() {
  index_->rules = std::move(rules);
  for (const CredentialRule& rule : index_->rules) index_->hosts.Add(rule.host, rule);
}

const CredentialRule* CredentialRules::Against(const RequestTarget& target,
                                               std::string_view credential) const {
  const CredentialRule* against = nullptr;
  index_->ForEach(target.host, target.port, [&](const CredentialRule& rule) {
    if (against == nullptr && Speaks(rule, target) && !Lists(rule, credential)) against = &rule;
  });
  return against;
}

bool CredentialRules::SpeaksOfRequests(std::string_view host, std::uint16_t port) const {
  bool speaks = false;
  index_->ForEach(host, port,
                  [&](const CredentialRule& rule) { speaks |= !rule.scope.everything(); });
  return speaks;
}

const CredentialRule* CredentialRules::AgainstAll(std::string_view host, std::uint16_t port,
                                                  std::string_view credential) const {
  const CredentialRule* against = nullptr;
  index_->ForEach(host, port, [&](const CredentialRule& rule) {
    if (rule.scope.everything() && !Lists(rule, credential)) against = &rule;
  });
  return against;
}

std::optional<std::vector<std::string>> CredentialRules::Listed(const RequestTarget& target) const {
  std::optional<std::vector<std::string>> listed;
  index_->ForEach(target.host, target.port, [&](const CredentialRule& rule) {
    if (!Speaks(rule, target)) return;
    if (!listed) {
      listed = rule.credentials;
      return;
    }
    std::erase_if(*listed, [&](const std::string& one) { return !Lists(rule, one); });
  });
  return listed;
}

}  // namespace aileron::policy
