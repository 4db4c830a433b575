// Family: what processes were executed as, and by whom, for as long as they are remembered.
//
// proc tells a process's parent while that lives, and its file, which of a script is the
// interpreter's. Who sees each execution knows more: the script, the names that lead to it, and the
// ancestors of one whose parents have ended or have become other programs. A process that was
// forked before its parent became a program is not that program's descendant. Bounded: what is
// forgotten is known as proc tells it. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

#include "command/by.h"
#include "command/execution.h"

namespace aileron::mediation {

class Family {
 public:
  // A process and when it was started, which tells it from a later one of the same number; times
  // are in the kernel's ticks since it was started.
  struct Process {
    pid_t pid = 0;
    std::uint64_t started = 0;
  };

  // `line` is it and its parents as they stand now, nearest first: of each it is looked up what it
  // was. Where none is known, `parents` says who they are.
  template <typename Parents>
  void Note(std::span<const Process> line, const command::Execution& execution, std::uint64_t now,
            Parents&& parents) {
    Link behind = Find(line).node;
    if (behind == nullptr) behind = Chain(parents());
    Add(line, execution, now, std::move(behind));
  }
  struct Known {
    std::size_t at = 0;     // the first of the line that is known; its size when none is
    command::Lineage line;  // it and those that started it, nearest first
  };
  Known Of(std::span<const Process> line) const;

  bool full() const;
  // Forgets those that have ended.
  template <typename Lives>
  void Forget(Lives&& lives) {
    std::erase_if(known_,
                  [&](const auto& one) { return !lives(Process{one.first, one.second->started}); });
    if (full()) known_.clear();
  }

 private:
  // One execution. What it replaced, or who forked it, stands behind it.
  struct Node {
    std::uint64_t started = 0;  // of the process
    std::uint64_t since = 0;    // of the execution
    command::Parent program;
    std::shared_ptr<const Node> behind;
    bool same_process = false;  // as `behind`
    int depth = 0;              // of what stands behind it
  };
  using Link = std::shared_ptr<const Node>;
  struct Place {
    std::size_t at = 0;
    Link node;
  };
  static Link Nearest(const Link& node, int count);
  static Link Chain(const command::Lineage& parents);
  void Add(std::span<const Process> line, const command::Execution& execution, std::uint64_t now,
           Link behind);
  Place Find(std::span<const Process> line) const;

  std::unordered_map<pid_t, Link> known_;
};

}  // namespace aileron::mediation
