// Loader: the policy of a launch, from the files as they are now.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/paths.h"
#include "policy/merge.h"
#include "policy/widening.h"

namespace aileron::trust {

using ProjectTexts = std::vector<std::pair<std::string, std::string>>;  // path and text

// The texts that a policy is made of, as they were read.
struct Texts {
  std::string user;
  ProjectTexts project;  // the nearest first
};

// kInvalid names the file that cannot be read, or says that those of the project are too many or
// too large together. `project` is what FindProject found.
Result<Texts> ReadTexts(const os::Paths& paths, const std::vector<std::string>& project);
Result<ProjectTexts> ReadProject(const std::vector<std::string>& project);
// Puts the project's files into `layers`, with the same trust in each.
Status ParseProject(const ProjectTexts& texts, policy::Trust trust, policy::Layers& layers);

struct Loaded {
  policy::Layers layers;
  std::vector<policy::Widening> withheld;  // what is not in force, for lack of trust
};

// `agent` is the program that is launched, `profile` what the command line asks for. kInvalid names
// the file, its line and what is wrong.
Result<Loaded> Load(const os::Paths& paths, const Texts& texts, std::string_view agent,
                    std::optional<policy::Profile> profile);

}  // namespace aileron::trust
