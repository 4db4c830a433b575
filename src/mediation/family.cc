#include "mediation/family.h"

#include "mediation/limits.h"

namespace aileron::mediation {

Family::Place Family::Find(std::span<const Process> line) const {
  bool replaced = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto found = known_.find(line[i].pid);
    if (found == known_.end() || found->second->started != line[i].started) continue;
    Link node = found->second;
    // As it was when the next one was forked.
    while (i > 0 && node != nullptr && node->since > line[i - 1].started) {
      node = node->same_process ? node->behind : nullptr;
    }
    if (node != nullptr) return {.at = i, .node = std::move(node), .replaced = replaced};
    replaced = true;
  }
  return {.at = line.size(), .node = nullptr, .replaced = replaced};
}

Family::Link Family::Chain(const command::Lineage& parents, command::Knowledge knowledge) {
  Link behind;
  int depth = 0;
  const auto& all = parents.processes;
  for (auto parent = all.rbegin(); parent != all.rend(); ++parent, ++depth) {
    const bool last = behind == nullptr;
    command::Parent program = *parent;
    program.knowledge = knowledge;
    behind = std::make_shared<const Node>(Node{.program = std::move(program),
                                               .behind = std::move(behind),
                                               .cut = last && parents.cut,
                                               .depth = depth});
  }
  return behind;
}

void Family::Note(std::span<const Process> line, const command::Execution& execution, Moment moment,
                  const std::function<command::Lineage()>& parents) {
  if (line.empty()) return;
  Place place = Find(line);
  Link behind = std::move(place.node);
  bool cut = false;
  if (behind == nullptr) {
    command::Lineage known = parents();
    known.cut |= forgot_;
    cut = known.cut;
    using enum command::Knowledge;
    behind = Chain(known, place.replaced ? kNothing : kProgram);
  }
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
  const bool children = moment.children == Children::kMaybe;
  const int kept = behind != nullptr ? behind->depth + 1 : 0;
  known_[line.front().pid] = std::make_shared<const Node>(Node{.started = line.front().started,
                                                               .since = moment.now,
                                                               .program = std::move(program),
                                                               .behind = std::move(behind),
                                                               .same_process = same,
                                                               .had_children = children,
                                                               .cut = kept == 0 && cut,
                                                               .depth = kept});
}

// A copy without those that are further away: whoever executes for ever makes no longer chain.
Family::Link Family::Nearest(const Link& node, int count) {
  if (node == nullptr || count == 0) return nullptr;
  Node copy = *node;
  copy.behind = Nearest(node->behind, count - 1);
  copy.cut |= copy.behind != node->behind && copy.behind == nullptr;
  copy.depth = copy.behind != nullptr ? copy.behind->depth + 1 : 0;
  return std::make_shared<const Node>(std::move(copy));
}

Family::Known Family::Of(std::span<const Process> line) const {
  auto [at, node, replaced] = Find(line);
  Known known{
      .at = at, .line = {.processes = {}, .cut = node == nullptr && forgot_}, .replaced = replaced};
  // Whoever was forked by a process that had children when it became a program may be one of these
  // or theirs, whom it took over when their own parent ended.
  bool forked = at > 0;
  for (; node != nullptr; node = node->behind) {
    command::Parent& program = known.line.processes.emplace_back(node->program);
    if (forked && node->had_children) program.knowledge = command::Knowledge::kNothing;
    forked |= !node->same_process;
    known.line.cut |= node->cut;
  }
  return known;
}

bool Family::full() const { return known_.size() >= limits::kFamily; }

}  // namespace aileron::mediation
