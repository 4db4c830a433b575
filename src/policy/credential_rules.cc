// Tested by src/policy/evaluator_test.cc.
#include "policy/credential_rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "policy/caller.h"
#include "policy/host_index.h"

namespace aileron::policy {
namespace {

bool Lists(const CredentialRule& rule, std::string_view credential) {
  return std::ranges::find(rule.credentials, credential) != rule.credentials.end();
}

// What rules say of one credential, one after the other.
class Weighing {
 public:
  Weighing(std::string_view credential, const Caller* caller)
      : credential_(credential), caller_(caller) {}

  void Take(const CredentialRule& rule) {
    const bool lists = Lists(rule, credential_);
    if (!lists && HoldsFor(rule.by, Action::kAsk, caller_)) Against(rule);
    if (!lists || rule.by.empty()) return;
    Kept& kept = kept_[static_cast<std::size_t>(rule.layer)];
    if (kept.by == nullptr) kept.by = &rule;
    TakeGift(rule);
  }
  // Only what it gives.
  void TakeGift(const CredentialRule& rule) {
    if (rule.by.empty() || !Lists(rule, credential_)) return;
    kept_[static_cast<std::size_t>(rule.layer)].given |= HoldsFor(rule.by, Action::kAllow, caller_);
  }
  const CredentialRule* Result() {
    for (const Kept& kept : kept_) {
      if (kept.by != nullptr && !kept.given) Against(*kept.by);
    }
    return against_;
  }

 private:
  // For programs, by a layer's rules.
  struct Kept {
    const CredentialRule* by = nullptr;
    bool given = false;
  };
  void Against(const CredentialRule& rule) {
    if (against_ == nullptr) against_ = &rule;
  }

  std::string_view credential_;
  const Caller* caller_;
  const CredentialRule* against_ = nullptr;
  std::array<Kept, static_cast<std::size_t>(Layer::kFlag) + 1> kept_;
};

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
  Weighing weighing(credential, target.caller);
  index_->ForEach(target, [&](const CredentialRule& rule) { weighing.Take(rule); });
  return weighing.Result();
}

bool CredentialRules::SpeaksOfRequests(std::string_view host, std::uint16_t port) const {
  bool speaks = false;
  index_->ForEach(host, port,
                  [&](const CredentialRule& rule) { speaks |= !rule.scope.everything(); });
  return speaks;
}

const CredentialRule* CredentialRules::AgainstAll(std::string_view host, std::uint16_t port,
                                                  std::string_view credential,
                                                  const Caller* caller) const {
  Weighing weighing(credential, caller);
  index_->ForEach(host, port, [&](const CredentialRule& rule) {
    if (rule.scope.everything()) {
      weighing.Take(rule);
    } else {
      weighing.TakeGift(rule);
    }
  });
  return weighing.Result();
}

std::optional<std::vector<std::string>> CredentialRules::Listed(const RequestTarget& target) const {
  std::optional<std::vector<std::string>> listed;
  index_->ForEach(target, [&](const CredentialRule& rule) {
    if (!listed && HoldsFor(rule.by, Action::kAsk, target.caller)) listed = rule.credentials;
  });
  if (listed) {
    std::erase_if(*listed, [&](const std::string& one) { return Against(target, one) != nullptr; });
  }
  return listed;
}

std::vector<std::string> CredentialRules::KeptForOthers(const RequestTarget& target) const {
  std::set<std::string> kept;
  index_->ForEach(target, [&](const CredentialRule& rule) {
    if (rule.by.empty()) return;
    for (const std::string& one : rule.credentials) {
      if (Against(target, one) != nullptr) kept.insert(one);
    }
  });
  return {kept.begin(), kept.end()};
}

}  // namespace aileron::policy
