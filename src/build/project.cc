// Tested by src/build/recipe_test.cc.

#include "build/project.h"

#include <fcntl.h>

#include "base/below.h"
#include "base/text.h"
#include "image/permissions.h"
#include "os/beneath.h"

namespace aileron::build {
namespace {

// A link is a mistake of who wrote the project, and so is a file where a folder should be.
std::unexpected<Error> FailOpened(Error error, std::string_view what, std::string_view kind) {
  if (error.code == Code::kInternal) error.code = Code::kInvalid;
  return Wrap(std::move(error), "{} has to be a {} of the project, no link", what, kind);
}

}  // namespace

Result<Project> Project::Open(std::string_view config_file, std::string_view workspace) {
  Project project;
  project.config_folder_ = config_file.substr(0, config_file.rfind('/'));
  if (project.config_folder_.empty()) project.config_folder_ = "/";
  project.path_ =
      IsOrBelow(config_file, workspace) ? std::string(workspace) : project.config_folder_;
  project.folder_ = os::Fd(open(project.path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!project.folder_) return os::FailErrno("cannot open {}", Printable(project.path_));
  return project;
}

Result<std::string> Project::Place(std::string_view written, std::string_view what) const {
  std::string place =
      image::PlainPath(written.starts_with('/') ? std::string(written)
                                                : fmt::format("{}/{}", config_folder_, written));
  if (IsOrBelow(place, path_)) return place;
  return Fail(Code::kInvalid,
              "{} is {}, outside of the project {}: what is built lies in the project", what,
              Printable(place), Printable(path_));
}

// From the folder.
std::string Project::Relative(std::string_view place) const {
  const std::size_t root = path_ == "/" ? 1 : path_.size() + 1;
  return place.size() <= path_.size() ? "." : std::string(place.substr(root));
}

Result<std::string> Project::Read(std::string_view place, std::size_t limit) const {
  auto text = os::ReadBeneath(folder_, Relative(place), limit);
  if (text) return text;
  if (text.error().code == Code::kNotFound) {
    return Fail(Code::kNotFound, "{} is not there", Printable(place));
  }
  return FailOpened(std::move(text.error()), Printable(place), "file");
}

Result<os::Fd> Project::OpenFolder(std::string_view place, std::string_view what) const {
  auto folder = os::OpenBeneath(folder_, Relative(place), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (folder) return folder;
  return FailOpened(std::move(folder.error()), what, "folder");
}

}  // namespace aileron::build
