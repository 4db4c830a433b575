// Environment: this process's, one variable of it, or all as NAME=VALUE for what is started with
// it.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace aileron::os {

// What a variable is set to; empty when it is not.
inline std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// All of it.
inline std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  return variables;
}

}  // namespace aileron::os
