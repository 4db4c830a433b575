// Variables: ${…} in the strings of devcontainer.json (Dev Container specification, "Variables in
// devcontainer.json").
//
//   ${localEnv:NAME}  ${localEnv:NAME:DEFAULT}      of the host; ${env:…} is its former name
//   ${containerEnv:NAME}  ${containerEnv:NAME:DEFAULT}
//   ${localWorkspaceFolder}  ${localWorkspaceFolderBasename}
//   ${containerWorkspaceFolder}  ${containerWorkspaceFolderBasename}
//   ${devcontainerId}
//
// A variable that is not set is its default, else empty. What came in by a variable is not looked
// at again: a value that holds "${" stays as it is. So who learns more later (the container's own
// environment) begins again with the text as it was written. Keys are never substituted. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/jsonc.h"

namespace aileron::image {

// What is not known yet leaves its variables as they are written.
struct VariableValues {
  std::map<std::string, std::string, std::less<>> local_env;
  // The names in local_env that the sandbox may see; another counts as not set, and is told.
  std::function<bool(std::string_view name)> may_see;
  std::string local_workspace_folder;      // absolute
  std::string container_workspace_folder;  // absolute
  std::string devcontainer_id;
  std::optional<std::map<std::string, std::string, std::less<>>> container_env;
};

struct VariableNote {
  enum class Kind : std::uint8_t {
    kUnknown,   // no such variable: left as it is written
    kNameless,  // ${localEnv} without a name: left as it is written
    kWithheld,  // a host's variable that the sandbox may not see
    kLater,     // known when the container runs
  };
  Kind kind = Kind::kUnknown;
  Place place;       // of the string
  std::string text;  // the variable as it is written; of kWithheld the name alone
};

// In one string, where `place` is only for the notes.
std::string Substituted(std::string_view text, const VariableValues& values, const Place& place,
                        std::vector<VariableNote>& notes);

// In all strings of the tree. kInvalid when more than limits::kSubstitutedMax bytes come in.
Status Substitute(JsonNode& node, const VariableValues& values, std::string_view file,
                  std::vector<VariableNote>& notes);

// The value of ${devcontainerId}: the same for the same file of the same workspace on this host
// (specification, "devcontainerId": SHA-256 of the labels as sorted JSON, in base 32).
std::string DevContainerId(const std::string& workspace, const std::string& config_file);

}  // namespace aileron::image
