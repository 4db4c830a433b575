#include "policy/programs.h"

#include <map>
#include <set>

#include "base/text.h"
#include "command/limits.h"
#include "policy/host_index.h"

namespace aileron::policy {

struct Programs::Index {
  std::map<std::string, command::By, std::less<>> patterns;  // the index points into its keys
  HostIndex<std::string> hosts;
  std::set<std::string, std::less<>> everywhere;  // of "*" and ranges of addresses
  std::set<std::pair<std::string, const std::string*>> added;

  Status Add(const std::string& by, std::string_view rule, const HostPattern* host) {
    if (by.empty()) return {};
    auto known = patterns.find(by);
    if (known == patterns.end()) {
      auto pattern = command::By::Parse(by);
      if (!pattern) {
        return Wrap(std::move(pattern.error()), "the rule \"{}\": by \"{}\"", rule, Printable(by));
      }
      if (patterns.size() == command::limits::kPrograms) {
        return Fail(Code::kInvalid,
                    "the rule \"{}\": rules about the network name more than {} programs", rule,
                    command::limits::kPrograms);
      }
      known = patterns.emplace(by, std::move(*pattern)).first;
    }
    if (host == nullptr) {
      everywhere.insert(by);
    } else if (added.emplace(host->ToString(), &known->first).second) {
      hosts.Add(*host, known->first);
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

std::vector<std::string> Programs::All() const {
  std::vector<std::string> all;
  for (const auto& [by, pattern] : index_->patterns) all.push_back(by);
  return all;
}

std::vector<std::string> Programs::At(std::string_view host) const {
  std::set<std::string, std::less<>> all = index_->everywhere;
  index_->hosts.Any(host, [&](const std::string& by) {
    all.insert(by);
    return false;
  });
  return {all.begin(), all.end()};
}

Caller Programs::CallerOf(std::span<const command::Lineage> holders) const {
  const bool known = !holders.empty() && !holders.front().processes.empty();
  Caller caller = known ? Caller::Held(holders.front().processes.front().path) : Caller::Nobody();
  for (const auto& [by, pattern] : index_->patterns) {
    caller.Set(by, command::ShareOf(pattern, holders));
  }
  return caller;
}

}  // namespace aileron::policy
