#include "policy/programs.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "base/text.h"
#include "policy/host_index.h"
#include "policy/limits.h"

namespace aileron::policy {

struct Programs::Index {
  using Named = std::string;  // a program, as `patterns` has it
  std::map<std::string, command::By, std::less<>> patterns;
  std::deque<Named> named;  // never changed after compiling: the index points into it
  HostIndex<Named> hosts;
  std::vector<const Named*> everywhere;  // of "*" and ranges of addresses
  std::set<std::pair<std::string, std::string>> added;

  Status Add(const std::string& by, std::string_view rule, const HostPattern* host) {
    if (by.empty()) return {};
    if (!patterns.contains(by)) {
      auto pattern = command::By::Parse(by);
      if (!pattern) {
        return Wrap(std::move(pattern.error()), "the rule \"{}\": by \"{}\"", rule, Printable(by));
      }
      if (patterns.size() == limits::kPrograms) {
        return Fail(Code::kInvalid,
                    "the rule \"{}\": rules about the network name more than {} programs", rule,
                    limits::kPrograms);
      }
      patterns.emplace(by, std::move(*pattern));
    }
    if (!added.emplace(host != nullptr ? host->ToString() : "*", by).second) return {};
    const Named& kept = named.emplace_back(by);
    if (host != nullptr) {
      hosts.Add(*host, kept);
    } else {
      everywhere.push_back(&kept);
    }
    return {};
  }
};

Programs::Programs() : index_(std::make_unique<Index>()) {}
Programs::Programs(Programs&&) noexcept = default;
Programs& Programs::operator=(Programs&&) noexcept = default;
Programs::~Programs() = default;

Result<Programs> Programs::Compile(std::span<const Rule> hosts,
                                   std::span<const RequestRule> requests,
                                   std::span<const CredentialRule> credentials) {
  Programs programs;
  Index& index = *programs.index_;
  for (const Rule& rule : hosts) {
    if (rule.by.empty()) continue;
    const auto host = HostPattern::Parse(rule.pattern);
    AILERON_TRY(index.Add(rule.by, rule.id, host ? &*host : nullptr));
  }
  for (const RequestRule& rule : requests) AILERON_TRY(index.Add(rule.by, rule.id, &rule.host));
  for (const CredentialRule& rule : credentials) {
    AILERON_TRY(index.Add(rule.by, rule.id, &rule.host));
  }
  return programs;
}

bool Programs::empty() const { return index_->patterns.empty(); }

std::vector<std::string> Programs::At(std::string_view host) const {
  std::vector<std::string> all;
  if (empty()) return all;
  const auto take = [&](const Index::Named& by) {
    all.push_back(by);
    return false;
  };
  for (const Index::Named* by : index_->everywhere) take(*by);
  index_->hosts.Any(host, take);
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

Caller Programs::CallerOf(std::span<const command::Lineage> holders) const {
  const bool known = !holders.empty() && !holders.front().empty();
  Caller caller = known ? Caller::Held(holders.front().front().path) : Caller::Nobody();
  for (const auto& [by, pattern] : index_->patterns) {
    caller.Set(by, command::ShareOf(pattern, holders));
  }
  return caller;
}

}  // namespace aileron::policy
