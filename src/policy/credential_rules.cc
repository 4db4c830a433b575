// Tested by src/policy/evaluator_test.cc.
#include "policy/credential_rules.h"

#include <algorithm>
#include <map>
#include <set>

#include "policy/caller.h"
#include "policy/host_index.h"

namespace aileron::policy {
namespace {

bool Lists(const CredentialRule& rule, std::string_view credential) {
  return std::ranges::find(rule.credentials, credential) != rule.credentials.end();
}

// How far a rule speaks of a request. Who narrows means all that a server may take for it, who
// gives exactly what is certain.
enum class Cover : std::uint8_t { kMay, kSure };

Cover CoverOf(const CredentialRule& rule, const RequestTarget& target,
              const RequestScope::Segments& segments) {
  const bool doubtful = (target.doubt.method && !rule.scope.methods.empty()) ||
                        (target.doubt.path && !rule.scope.paths.empty());
  return !doubtful && rule.scope.Covers(target.method, segments) ? Cover::kSure : Cover::kMay;
}

// What rules say of one credential, one after the other.
class Weighing {
 public:
  Weighing(std::string_view credential, const Caller* caller)
      : credential_(credential), caller_(caller) {}

  void Take(const CredentialRule& rule, Cover cover) {
    if (!Lists(rule, credential_)) {
      if (against_ == nullptr && HoldsFor(rule.by, Action::kAsk, caller_)) against_ = &rule;
    } else if (!rule.by.empty()) {
      Kept& kept = kept_[rule.document];
      if (kept.by == nullptr) kept.by = &rule;
      if (cover == Cover::kSure) Give(rule, kept);
    }
  }
  // Only what it gives to some request.
  void TakeGift(const CredentialRule& rule) {
    if (!rule.by.empty() && Lists(rule, credential_)) Give(rule, kept_[rule.document]);
  }
  // The rule that keeps it for a program that this is not.
  const CredentialRule* kept() const {
    for (const auto& [document, kept] : kept_) {
      if (kept.by != nullptr && !kept.given) return kept.by;
    }
    return nullptr;
  }
  const CredentialRule* against() const { return against_ != nullptr ? against_ : kept(); }

 private:
  // For programs, by a file's rules.
  struct Kept {
    const CredentialRule* by = nullptr;
    bool given = false;
  };
  void Give(const CredentialRule& rule, Kept& kept) const {
    kept.given |= HoldsFor(rule.by, Action::kAllow, caller_);
  }

  std::string_view credential_;
  const Caller* caller_;
  const CredentialRule* against_ = nullptr;
  std::map<std::size_t, Kept> kept_;
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
      if (!rule.scope.MayCover(target.method, *segments, target.doubt)) return;
      visit(rule, CoverOf(rule, target, *segments));
    });
  }

  Weighing Weigh(const RequestTarget& target, std::string_view credential) const {
    Weighing weighing(credential, target.caller);
    ForEach(target, [&](const CredentialRule& rule, Cover cover) { weighing.Take(rule, cover); });
    return weighing;
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
  return index_->Weigh(target, credential).against();
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
      weighing.Take(rule, Cover::kSure);
    } else {
      weighing.TakeGift(rule);
    }
  });
  return weighing.against();
}

std::optional<std::vector<std::string>> CredentialRules::Listed(const RequestTarget& target) const {
  std::optional<std::vector<std::string>> listed;
  index_->ForEach(target, [&](const CredentialRule& rule, Cover) {
    if (!listed && HoldsFor(rule.by, Action::kAsk, target.caller)) listed = rule.credentials;
  });
  if (listed) {
    std::erase_if(*listed, [&](const std::string& one) { return Against(target, one) != nullptr; });
  }
  return listed;
}

std::vector<std::string> CredentialRules::KeptForOthers(const RequestTarget& target) const {
  std::set<std::string> kept;
  index_->ForEach(target, [&](const CredentialRule& rule, Cover) {
    if (!rule.by.empty()) kept.insert(rule.credentials.begin(), rule.credentials.end());
  });
  std::erase_if(
      kept, [&](const std::string& one) { return index_->Weigh(target, one).kept() == nullptr; });
  return {kept.begin(), kept.end()};
}

}  // namespace aileron::policy
