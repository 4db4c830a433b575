// Family: what processes were executed as, and by whom, for as long as they are remembered.
//
// proc tells a process's parent while that lives, and its file, which of a script is the
// interpreter's. Who sees each execution knows more: the script, the names that lead to it, and the
// ancestors of one whose parents have ended or have become other programs. A process that was
// forked before its parent became a program is not that program's descendant; whether it was can
// only be told where that had no child then. Bounded: what is cut off, or was forgotten, is said to
// be missing, since it may have been any program. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
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

  // Whether a process had children when it was executed, as far as can be told.
  enum class Children : std::uint8_t { kNone, kMaybe };
  struct Moment {
    std::uint64_t now = 0;
    Children children = Children::kNone;
  };
  // `line` is it and its parents as they stand now, nearest first: of each it is looked up what it
  // was. Where none is known, `parents` says who they are.
  void Note(std::span<const Process> line, const command::Execution& execution, Moment moment,
            const std::function<command::Lineage()>& parents);
  struct Known {
    std::size_t at = 0;     // the first of the line that is known; its size when none is
    command::Lineage line;  // it and those that started it, nearest first
    // One of the others became what it is now when the one before it was there.
    bool replaced = false;
  };
  Known Of(std::span<const Process> line) const;

  bool full() const;
  // Forgets those that have ended.
  template <typename Lives>
  void Forget(Lives&& lives) {
    std::erase_if(known_,
                  [&](const auto& one) { return !lives(Process{one.first, one.second->started}); });
    if (!full()) return;
    known_.clear();
    forgot_ = true;
  }

 private:
  // One execution. What it replaced, or who forked it, stands behind it.
  struct Node {
    std::uint64_t started = 0;  // of the process
    std::uint64_t since = 0;    // of the execution
    command::Parent program;
    std::shared_ptr<const Node> behind;
    bool same_process = false;  // as `behind`
    bool had_children = false;  // maybe
    bool cut = false;           // more stood behind it than is known
    int depth = 0;              // of what stands behind it
  };
  using Link = std::shared_ptr<const Node>;
  struct Place {
    std::size_t at = 0;
    Link node;
    bool replaced = false;
  };
  static Link Nearest(const Link& node, int count);
  static Link Chain(const command::Lineage& parents, command::Knowledge knowledge);
  Place Find(std::span<const Process> line) const;

  std::unordered_map<pid_t, Link> known_;
  bool forgot_ = false;  // somebody who may still live
};

}  // namespace aileron::mediation
