// Agents: the coding agents that people know by name, and how an image gets one.
#pragma once

#include <span>
#include <string_view>

namespace aileron::agent {

struct Agent {
  std::string_view name;     // as a person says it
  std::string_view program;  // what it is started as
  std::string_view install;  // a command
};

std::span<const Agent> Agents();
// Null where nobody knows it.
const Agent* FindAgent(std::string_view name);

}  // namespace aileron::agent
