// Files: where the policy files of a launch lie, and their bytes, read once.
//
//   $XDG_CONFIG_HOME/aileron/policy.yaml   the user's
//   FOLDER/aileron.yaml                    the project's: in the workspace, and in every folder
//                                          above it, up to the home
//
// All of them hold. An agent that works in a project's root can write a file, or a repository, in
// a folder below it; neither may take the root's rules away from who starts there next.
//
// A project's is a file of its own: a link, a pipe or a device by that name is refused, since it
// would say whatever another place says. The user's may be a link of theirs. Whoever decides about
// a text (its hash, its rules) decides about the bytes that were read, and never opens the file for
// a second look.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::trust {

inline constexpr std::string_view kUserFile = "policy.yaml";
inline constexpr std::string_view kProjectFile = "aileron.yaml";
inline constexpr std::string_view kCasesFile = "aileron.test.yaml";  // tests beside it

// The project's files for a workspace (absolute), the nearest one first, whatever kind of file they
// are. Nothing is looked for in `home` or above it.
std::vector<std::string> FindProject(const std::string& workspace, const std::string& home);

// kNotFound when there is none.
Result<std::string> ReadPolicyText(const std::string& path);

// The user's, from the folder of the configuration; empty when there is none. kInvalid when
// somebody else can write it, or when it still has its former name, rules.yaml.
Result<std::string> ReadUserText(const std::string& config);

}  // namespace aileron::trust
