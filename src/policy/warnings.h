// Warnings: rules of a valid file that do not do what their writer may think.
//
//   unreachable   never decides: a stronger rule, of this file or of the user's, covers all of it
//   shadowed      says what another rule of the same file says already
//   too-wide      allows what nobody can vouch for: every host, all below a name under which
//                 strangers publish, a large range of addresses
//   unanswerable  leaves a person no scope to choose for a yes
//
// "Covers" is decided by what stands there, and in doubt it does not. What stands in an agent's
// section is looked at beside what holds for all. Pure.
#pragma once

#include <string>
#include <vector>

#include "policy/merge.h"

namespace aileron::policy {

struct Warning {
  std::string file;
  int line = 0;
  std::string kind;
  std::string text;
};

// Of the user's file and of the project's, each in its order; `layers.trust`, `agent` and `profile`
// do not matter.
std::vector<Warning> Warnings(const Layers& layers);

}  // namespace aileron::policy
