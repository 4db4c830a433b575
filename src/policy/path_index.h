// PathIndex: things that are said about paths, found by a path.
//
// A tree of segments. What it finds may be a little more than what is said about the path, never
// less, also as PathPattern::MayMean has it: whoever asks compares what was found. A path that has
// no normal spelling is no question for it. Tested by src/policy/request_rules_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/path_pattern.h"
#include "policy/host_index.h"

namespace aileron::policy {

template <typename T>
class PathIndex {
 public:
  // Borrows.
  void Add(const PathPattern& pattern, const T& thing) {
    std::size_t count = pattern.parts().size();
    // A final "/" may be there or not.
    while (count > 0 && IsEnd(pattern.parts()[count - 1])) --count;
    Node* node = &root_;
    for (std::size_t i = 0; i < count; ++i) {
      const PathPattern::Part& part = pattern.parts()[i];
      std::unique_ptr<Node>& next =
          part.any ? node->any : node->below[PathPattern::Folded(part.text)];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
    }
    (pattern.rest() ? node->and_below : node->here).push_back(&thing);
  }

  // Calls visit(thing), until one returns true; a thing with several patterns perhaps more than
  // once.
  template <typename Visit>
  bool Any(const std::vector<std::string>& segments, Visit&& visit) const {
    std::vector<std::string> folded;
    folded.reserve(segments.size());
    for (const std::string& segment : segments) folded.push_back(PathPattern::Folded(segment));
    std::size_t count = segments.size();
    while (count > 0 && segments[count - 1].empty()) --count;
    return Look(root_, folded, 0, count, visit);
  }

 private:
  struct Node {
    std::unordered_map<std::string, std::unique_ptr<Node>, TextHash, std::equal_to<>> below;
    std::unique_ptr<Node> any;
    std::vector<const T*> here;
    std::vector<const T*> and_below;
  };

  static bool IsEnd(const PathPattern::Part& part) { return !part.any && part.text.empty(); }

  template <typename Visit>
  static bool Look(const Node& node, const std::vector<std::string>& folded, std::size_t at,
                   std::size_t count, Visit& visit) {
    for (const T* thing : node.and_below) {
      if (visit(*thing)) return true;
    }
    if (at == count) {
      for (const T* thing : node.here) {
        if (visit(*thing)) return true;
      }
      return false;
    }
    if (const auto found = node.below.find(folded[at]); found != node.below.end()) {
      if (Look(*found->second, folded, at + 1, count, visit)) return true;
    }
    return node.any && Look(*node.any, folded, at + 1, count, visit);
  }

  Node root_;
};

}  // namespace aileron::policy
