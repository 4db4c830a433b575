#include "mediation/family.h"

#include "mediation/limits.h"

namespace aileron::mediation {

Family::Place Family::Find(std::span<const Process> line) const {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto found = known_.find(line[i].pid);
    if (found == known_.end() || found->second->started != line[i].started) continue;
    Link node = found->second;
    if (i == 0) return {i, std::move(node)};
    // As it was when the next one was forked.
    while (node != nullptr && node->since > line[i - 1].started) {
      node = node->same_process ? node->behind : nullptr;
    }
    if (node != nullptr) return {i, std::move(node)};
  }
  return {line.size(), nullptr};
}

Family::Link Family::Chain(const command::Lineage& parents) {
  Link behind;
  int depth = 0;
  for (auto parent = parents.rbegin(); parent != parents.rend(); ++parent, ++depth) {
    behind = std::make_shared<const Node>(
        Node{.program = *parent, .behind = std::move(behind), .depth = depth});
  }
  return behind;
}

void Family::Add(std::span<const Process> line, const command::Execution& execution,
                 std::uint64_t now, Link behind) {
  if (line.empty()) return;
  const auto before = known_.find(line.front().pid);
  const bool same = behind != nullptr && before != known_.end() && before->second == behind;
  const int depth = behind != nullptr ? behind->depth + 1 : 0;
  if (depth > 2 * limits::kParents) behind = Nearest(behind, limits::kParents);
  command::Parent program{.path = execution.executable,
                          .origin = execution.origin,
                          .argv = execution.argv,
                          .links = execution.links};
  std::size_t bytes = 0;
  std::erase_if(program.argv, [&](const std::string& word) {
    bytes += word.size() + 1;
    return bytes > limits::kParentBytes;
  });
  const int kept = behind != nullptr ? behind->depth + 1 : 0;
  known_[line.front().pid] = std::make_shared<const Node>(Node{.started = line.front().started,
                                                               .since = now,
                                                               .program = std::move(program),
                                                               .behind = std::move(behind),
                                                               .same_process = same,
                                                               .depth = kept});
}

// A copy without those that are further away: whoever executes for ever makes no longer chain.
Family::Link Family::Nearest(const Link& node, int count) {
  if (node == nullptr || count == 0) return nullptr;
  Node copy = *node;
  copy.behind = Nearest(node->behind, count - 1);
  copy.depth = copy.behind != nullptr ? copy.behind->depth + 1 : 0;
  return std::make_shared<const Node>(std::move(copy));
}

Family::Known Family::Of(std::span<const Process> line) const {
  auto [at, node] = Find(line);
  Known known{.at = at, .line = {}};
  for (; node != nullptr; node = node->behind) known.line.push_back(node->program);
  return known;
}

bool Family::full() const { return known_.size() >= limits::kFamily; }

}  // namespace aileron::mediation
