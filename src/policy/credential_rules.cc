// Tested by src/policy/evaluator_test.cc.
#include "policy/credential_rules.h"

#include <algorithm>

#include "policy/host_index.h"

namespace aileron::policy {
namespace {

bool Lists(const CredentialRule& rule, std::string_view credential) {
  return std::ranges::find(rule.credentials, credential) != rule.credentials.end();
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

  // Of those that may speak of the request.
  template <typename Visit>
  void ForEach(const RequestTarget& target, Visit&& visit) const {
    std::optional<RequestScope::Segments> segments;  // taken apart once, where a rule asks for it
    ForEach(target.host, target.port, [&](const CredentialRule& rule) {
      if (!segments) segments = NormalPath(target.path);
      if (rule.scope.MayCover(target.method, *segments, target.doubt)) visit(rule);
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
  index_->ForEach(target, [&](const CredentialRule& rule) {
    if (against == nullptr && !Lists(rule, credential)) against = &rule;
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
  index_->ForEach(target, [&](const CredentialRule& rule) {
    if (!listed) {
      listed = rule.credentials;
      return;
    }
    std::erase_if(*listed, [&](const std::string& one) { return !Lists(rule, one); });
  });
  return listed;
}

}  // namespace aileron::policy
