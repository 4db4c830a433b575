// Environment: this process's, as NAME=VALUE, for what is started with all of it.
#pragma once

#include <unistd.h>

#include <string>
#include <vector>

namespace aileron::os {

inline std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  return variables;
}

}  // namespace aileron::os
