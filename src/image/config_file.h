// ConfigFile: which devcontainer.json a workspace has (Dev Container specification,
// "devcontainer.json": where it lies).
//
//   .devcontainer/devcontainer.json     .devcontainer.json     .devcontainer/NAME/devcontainer.json
//
// Of several nobody can tell which is meant, so the user names one. What lies in the workspace is
// read so that no link leads out of it.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace aileron::image {

struct ConfigFile {
  std::string path;  // absolute
  std::string text;
};

// `workspace` is absolute; `named` is what the user names, relative to the current folder, or
// empty. Nothing when the workspace has none. kInvalid lists several, or says that the file is a
// link, no file, or too large; kNotFound when there is none of that name.
Result<std::optional<ConfigFile>> FindConfig(const std::string& workspace,
                                             const std::string& named);

}  // namespace aileron::image
