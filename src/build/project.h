// Project: the folder that all must lie in that is built: the workspace, or where a
// devcontainer.json lies that is elsewhere. What is in it is opened without following a link.
// Tested by src/build/recipe_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::build {

class Project {
 public:
  // Both are absolute, the workspace without links.
  static Result<Project> Open(std::string_view config_file, std::string_view workspace);

  // A path of the file, as it is written, as an absolute one. kInvalid when it lies outside; `what`
  // says whose it is.
  Result<std::string> Place(std::string_view written, std::string_view what) const;

  // What is at such a place. kNotFound when there is nothing.
  Result<std::string> Read(std::string_view place, std::size_t limit) const;
  Result<os::Fd> OpenFolder(std::string_view place, std::string_view what) const;

 private:
  std::string Relative(std::string_view place) const;

  std::string config_folder_, path_;
  os::Fd folder_;
};

}  // namespace aileron::build
