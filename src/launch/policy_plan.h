// PolicyPlan: what the policy files say of a launch, as far as the launcher has to do with it:
// files, variables, services, how long requests wait. What is about requests and commands is the
// daemon's, which reads the files itself. Tested by tests/policy/test_policy_launch.py.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "launch/environment.h"
#include "launch/launch.h"
#include "launch/plan.h"
#include "os/paths.h"
#include "sandbox/spec.h"
#include "service/service.h"

namespace aileron::launch {

struct PolicyPlan {
  std::vector<std::string> project;  // the paths of the project's files, the nearest first
  std::vector<sandbox::Cover> covers;
  Passing passing;
  std::vector<service::Spec> services;  // without their environment
  std::vector<std::string> notes;       // for the person, a line each
};

// Reads the files and puts into `plan` and `options` what they say; of what the host would run
// later they open what is among `allowed` (Guard::Allowed). kInvalid names the file, its line and
// what is wrong.
Result<PolicyPlan> ApplyPolicy(const os::Paths& paths, Plan& plan, Options& options,
                               const std::vector<std::string>& allowed);

}  // namespace aileron::launch
