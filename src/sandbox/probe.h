// Probe: what this machine can do for a sandbox, and the one command that mends what it cannot.
#pragma once

#include <string>
#include <vector>

namespace aileron::sandbox {

enum class State { kOk, kLimited, kMissing };

struct Capability {
  std::string name;  // "user namespaces"
  State state;
  std::string detail;  // what was found
  std::string fix;     // a command, or empty
};

// Tries each capability in a child process; takes some 10 ms and changes nothing.
std::vector<Capability> Probe();

// The command that allows user namespaces, where a known switch of the kernel forbids them; else
// empty.
std::string UserNamespaceFix();

}  // namespace aileron::sandbox
