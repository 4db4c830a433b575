// HostIndex: things that are said about hosts, found by name: those for the host itself, and those
// for all below one of its suffixes. Tested by src/policy/request_rules_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/host_pattern.h"

namespace aileron::policy {

// Finds by a view, without making a string of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

template <typename T>
class HostIndex {
 public:
  // Borrows.
  void Add(const HostPattern& pattern, const T& thing) {
    Bucket& bucket = names_[pattern.host()];
    (pattern.wildcard() ? bucket.below : bucket.exact).push_back(&thing);
  }
  bool empty() const { return names_.empty(); }

  // Calls visit(thing) for each whose pattern covers the host, until one returns true.
  template <typename Visit>
  bool Any(std::string_view host, Visit&& visit) const {
    if (names_.empty()) return false;
    const auto look = [&](std::string_view name, std::vector<const T*> Bucket::* which) {
      const auto found = names_.find(name);
      if (found == names_.end()) return false;
      for (const T* thing : found->second.*which) {
        if (visit(*thing)) return true;
      }
      return false;
    };
    if (look(host, &Bucket::exact)) return true;
    for (std::size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.')) {
      host.remove_prefix(dot + 1);
      if (look(host, &Bucket::below)) return true;
    }
    return false;
  }

 private:
  struct Bucket {
    std::vector<const T*> exact;
    std::vector<const T*> below;
  };
  std::unordered_map<std::string, Bucket, TextHash, std::equal_to<>> names_;
};

}  // namespace aileron::policy
