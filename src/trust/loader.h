// Loader: the policy of a launch, from the files as they are now.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/paths.h"
#include "policy/merge.h"
#include "policy/widening.h"

namespace aileron::trust {

// The texts that a policy is made of, as they were read.
struct Texts {
  std::string user;
  std::string project;       // of `project_path`
  std::string project_path;  // empty: there is none
  bool operator==(const Texts&) const = default;
};

// kInvalid names the file that cannot be read. `project` is found by FindProject, or empty.
Result<Texts> ReadTexts(const os::Paths& paths, const std::string& project);

struct Loaded {
  policy::Layers layers;
  std::vector<policy::Widening> withheld;  // what is not in force, for lack of trust
};

// `agent` is the program that is launched, `profile` what the command line asks for. kInvalid names
// the file, its line and what is wrong.
Result<Loaded> Load(const os::Paths& paths, const Texts& texts, std::string_view agent,
                    std::optional<policy::Profile> profile);

}  // namespace aileron::trust
