// Contract: what a sandbox has to have for an agent to work in it, looked at from inside, as the
// agent would find it (aileron sandbox check).
//
// The walls prove themselves before any agent starts (proof.h). This is the other half: the
// workspace, who one is, a shell, the agent's own program with all that it is run by, and the
// session's authority where programs look for it.
#pragma once

#include <string>
#include <vector>

#include "sandbox/probe.h"

namespace aileron::shim {

struct Contract {
  std::string root;                      // before every path; empty: the root of this process
  std::string workspace;                 // where the agent works
  bool read_only = false;                // it is not meant to be written
  std::vector<std::string> programs;     // an agent's name (agent/agents.h), a program's, or a path
  std::vector<std::string> environment;  // NAME=VALUE
  std::uint32_t uid = 0;
};

// In the order in which a person mends them. What is missing stops an agent; what is limited stops
// some of what it may do.
std::vector<sandbox::Capability> CheckContract(const Contract& contract);

// The same of one program in this process's root: why it does not run, as far as that can be seen.
sandbox::Capability CheckProgram(const std::string& name,
                                 const std::vector<std::string>& environment);

}  // namespace aileron::shim
