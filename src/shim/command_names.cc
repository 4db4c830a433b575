#include "shim/command_names.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "os/fd.h"
#include "shim/executable.h"

namespace aileron::shim {

namespace {

using sandbox::Program;
using sandbox::ToolName;

// The folders that commands are found in, besides the tools' own. One that depends on where a
// program stands, or that is not there, has no commands of the sandbox.
class Folders {
 public:
  explicit Folders(std::string_view path) {
    struct stat tools{};
    (void)stat(fmt::format("{}/bin", sandbox::kRuntimeFolder).c_str(), &tools);
    for (const std::string_view folder : Split(path, ':')) {
      if (!folder.starts_with('/')) continue;
      os::Fd opened(open(std::string(folder).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      struct stat info;
      if (!opened || fstat(opened.get(), &info) != 0 || Same(info, tools) || Has(info)) continue;
      folders_.push_back({std::string(folder), std::move(opened), info});
    }
  }

  // Where the command of that name is; empty if nowhere.
  std::string Find(const std::string& name) const {
    for (const Folder& folder : folders_) {
      struct stat info;
      if (fstatat(folder.opened.get(), name.c_str(), &info, 0) != 0) continue;
      if (S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0) {
        return fmt::format("{}/{}", folder.path, name);
      }
    }
    return {};
  }

 private:
  struct Folder {
    std::string path;
    os::Fd opened;
    struct stat info;
  };
  // Whatever they are called.
  static bool Same(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  }
  bool Has(const struct stat& info) const {
    return std::ranges::any_of(folders_, [&](const Folder& one) { return Same(one.info, info); });
  }
  std::vector<Folder> folders_;
};

// The name under which the launched command is known. A tool that is launched itself hides nothing.
std::string NameOfAgent(const std::string& command, const Folders& folders) {
  const std::size_t slash = command.rfind('/');
  if (slash != std::string::npos) return command.substr(slash + 1);
  return folders.Find(command).empty() ? std::string() : command;
}

Status FailClash(const ToolName& tool, std::string_view hidden, std::string_view more) {
  return Fail(Code::kInvalid,
              "the tool \"{}\" of {} has the name of {}, and would be found in its place. Give the "
              "tool another name in its spec{}, or run \"aileron connector remove {}\"",
              tool.name, tool.connector, hidden, more, tool.connector);
}

}  // namespace

Status CheckCommandNames(const Program& program) {
  if (program.tools.empty()) return {};
  const Folders folders(SearchPath(program.environment));
  const std::string agent = NameOfAgent(program.command.front(), folders);
  for (const ToolName& tool : program.tools) {
    if (tool.name == agent) return FailClash(tool, "the command that is launched", "");
    if (tool.overrides) continue;
    const std::string found = folders.Find(tool.name);
    if (!found.empty()) {
      return FailClash(tool, Printable(found), ", say \"override: true\" there if it is to be");
    }
  }
  return {};
}

}  // namespace aileron::shim
