// Tested by tests/approval/test_edit.py.

#include "modes/editor.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "modes/limits.h"
#include "os/deaf.h"
#include "os/environment.h"
#include "os/fd.h"
#include "os/process.h"

namespace aileron::modes {

namespace {

// A private folder, gone with this.
class Folder {
 public:
  explicit Folder(const std::string& parent) : path_(parent + "/edit-XXXXXX") {
    made_ = mkdtemp(path_.data()) != nullptr;
  }
  ~Folder() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  bool made() const { return made_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

std::string Editor() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

Status Run(const std::string& editor, const std::string& file) {
  os::SpawnOptions options{.path = "/bin/sh",
                           // The setting is the person's own command line, as git takes it.
                           .argv = {"sh", "-c", editor + " \"$@\"", editor, file},
                           .descriptors = {{0, 0}, {1, 1}, {2, 2}}};
  options.environment = os::Environment();
  const os::Deaf deaf;
  AILERON_ASSIGN(const os::Child child, os::Spawn(options));
  AILERON_ASSIGN(const int status, os::WaitFor(child));
  if (const int code = os::ExitCode(status); code != 0) {
    return Fail(Code::kUnavailable, "the editor ended with {}; nothing was changed", code);
  }
  return {};
}

}  // namespace

Result<std::string> EditText(const os::Paths& paths, std::string_view text) {
  const Folder folder(paths.runtime);
  if (!folder.made()) return os::FailErrno("cannot make a folder in {}", paths.runtime);
  const std::string path = folder.path() + "/arguments.json";
  {
    const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return os::FailErrno("cannot make {}", path);
    AILERON_TRY(os::WriteAll(file.get(), text));
  }
  AILERON_TRY(Run(Editor(), path));
  return os::ReadFile(path, limits::edited_bytes);
}

}  // namespace aileron::modes
