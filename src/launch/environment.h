// The agent's environment: empty, but for a short list of the caller's variables, the contract with
// the sandbox, and what the caller names.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "policy/document.h"

namespace aileron::launch {

struct Plan;

// What the daemon says of the session, as far as the sandbox may know it.
struct SessionFacts {
  std::string id;
  std::string token;
  std::map<std::string, std::string> sentinels;  // variable → look-alike
  std::map<std::string, std::string> files;      // path → content with look-alikes
  struct Tool {
    std::string summary;
    std::string connector;
    bool overrides = false;
    bool operator==(const Tool&) const = default;
  };
  std::map<std::string, Tool> tools;     // commands of connectors
  std::vector<std::string> look_alikes;  // hosts for which clients can ask for a password
};

// What a policy says of the caller's variables.
struct Passing {
  std::vector<policy::VariablePattern> pass;   // besides the short list
  std::vector<policy::VariablePattern> scrub;  // in no case; `wanted` neither
  bool Scrubs(std::string_view name) const;
};

// NAME=VALUE, each name once; later sources win: of the image, passed on, of the devcontainer,
// contract, sentinels, `wanted`. `wanted` holds NAME=VALUE, or NAME for the caller's own value
// (left out when that is not set). kInvalid when `wanted` would change a variable of the contract
// that the walls rely on.
Result<std::vector<std::string>> MakeEnvironment(const SessionFacts& session, const Plan& plan,
                                                 const std::vector<std::string>& wanted,
                                                 const Passing& passing = {});

// Changes what MakeEnvironment made by what a devcontainer's remoteEnv says; nothing unsets. The
// contract, the sentinels and what the command line names stay.
void AddRemoteVariables(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& variables,
    const SessionFacts& session, const Plan& plan, const std::vector<std::string>& wanted,
    const Passing& passing, std::vector<std::string>& environment);

// Whether the host's root gives an agent the caller's value without being asked for it.
bool PassedOnByDefault(std::string_view name);

// The lines of an --env-file: NAME=VALUE or NAME; blank lines and lines that start with # do not
// count. kInvalid with the line's number.
Result<std::vector<std::string>> ParseEnvFile(std::string_view text, std::string_view name);

}  // namespace aileron::launch
