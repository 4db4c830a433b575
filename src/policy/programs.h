// Programs: which programs rules about the network name ("by"), and at which hosts.
//
// Where they name none, nobody has to find out who stands behind a connection. Compiled once a
// session, by host. Pure.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/caller.h"
#include "policy/document.h"

namespace aileron::policy {

class Programs {
 public:
  Programs();
  // kInvalid names the rule: more than command::limits::kPrograms, or one that is no pattern.
  static Result<Programs> Compile(std::span<const Rule> hosts,
                                  std::span<const RequestRule> requests,
                                  std::span<const CredentialRule> credentials);
  Programs(Programs&&) noexcept;
  Programs& operator=(Programs&&) noexcept;
  ~Programs();

  bool empty() const;
  std::vector<std::string> All() const;
  // Those of rules that may speak of the host (as ParseHost spells it), each once.
  std::vector<std::string> At(std::string_view host) const;
  // What they find of holders that are known.
  Caller CallerOf(std::span<const command::Lineage> holders) const;

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace aileron::policy
