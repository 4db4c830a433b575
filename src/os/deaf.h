// Deaf: as long as it lives, keys that end a program are not for this one, but for one that it runs
// on the same terminal.
#pragma once

#include <csignal>

namespace aileron::os {

class Deaf {
 public:
  Deaf() : interrupt_(std::signal(SIGINT, SIG_IGN)), quit_(std::signal(SIGQUIT, SIG_IGN)) {}
  ~Deaf() {
    std::signal(SIGINT, interrupt_);
    std::signal(SIGQUIT, quit_);
  }
  Deaf(const Deaf&) = delete;
  Deaf& operator=(const Deaf&) = delete;

 private:
  void (*interrupt_)(int);
  void (*quit_)(int);
};

}  // namespace aileron::os
