// Leftovers: what a launcher that was killed could not take away: its control groups, and the names
// that it reserved in the workspace.
//
// Its sandbox dies with it, but a moment later: a group goes when its last process has, and only
// then the names, so that nobody in the sandbox can take them.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "net/loop.h"

namespace aileron::daemon {

class Leftovers {
 public:
  explicit Leftovers(net::Loop& loop) : loop_(loop), timer_(loop, [this] { Try(); }) {}
  // What is still there goes now, or stays.
  ~Leftovers();

  // `groups` are folders below /sys/fs/cgroup that carry aileron's name; others are left alone.
  void Take(std::vector<std::string> groups, std::vector<std::string> reserved);
  bool empty() const { return left_.empty(); }

 private:
  struct Left {
    std::vector<std::string> groups;
    std::vector<std::string> reserved;
    net::Instant until;
  };
  void Try();
  static void RemoveGroups(std::vector<std::string>& groups);
  static void Finish(const Left& left);

  net::Loop& loop_;
  net::Timer timer_;
  std::list<Left> left_;
};

}  // namespace aileron::daemon
