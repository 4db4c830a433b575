// PolicySource: the policy files that a line of `aileron policy` speaks of.
// Tested by tests/policy/test_policy_files.py.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "modes/command.h"
#include "policy/evaluator.h"
#include "trust/loader.h"

namespace aileron::modes {

// --project, --user, --profile, --agent, --untrusted: what an evaluation stands on.
std::vector<Flag> PolicyFlags();

// A file that the line names, which may be a pipe ("<(git show HEAD:aileron.yaml)").
Result<std::string> ReadNamedFile(const std::string& path);

// The files that the flags name, or the user's and those of the folder we are in. Of a project all
// counts as trusted unless --untrusted says that only what narrows does.
std::expected<policy::Layers, Failure> LayersOf(const Parsed& parsed);

// The same with `file` in its place: in the user's, where it is called policy.yaml, else in that
// of all the project's. A flag that names another file for that place is an error of usage.
std::expected<policy::Layers, Failure> LayersWith(const Parsed& parsed, const std::string& file);

// A mistake in a policy is one of configuration (78).
Failure BadPolicy(Error error);
std::expected<policy::Evaluator, Failure> Evaluate(const policy::Layers& layers);

}  // namespace aileron::modes
