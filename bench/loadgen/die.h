// Die: ends the program when a run cannot begin. What goes wrong while it runs is counted instead.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace loadgen {

constexpr int kExitCannotRun = 2;

[[noreturn]] inline void Die(const std::string& why) {
  std::fprintf(stderr, "loadgen: %s\n", why.c_str());
  std::exit(kExitCannotRun);
}

}  // namespace loadgen
