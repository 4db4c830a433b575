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

// Each tries one thing in a child process; takes a few milliseconds and changes nothing.
Capability ProbeUserNamespaces();
Capability ProbeMountNamespaces();
Capability ProbeOwnProc();
Capability ProbeCapabilities();
Capability ProbeSeccomp();
Capability ProbeLandlock();
Capability ProbeNetwork();
Capability ProbeIdmap();
Capability ProbeMemoryLimit();
Capability ProbePidsLimit();
Capability ProbeCpuLimit();
Capability ProbeTerminals();
Capability ProbeKernel();

}  // namespace aileron::sandbox
