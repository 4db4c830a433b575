#include "os/paths.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/text.h"
#include "os/fd.h"

namespace aileron::os {

namespace {

// The home folder in /etc/passwd. Parsed here since getpwuid() of a static glibc loads plug-ins.
std::string HomeFromPasswd() {
  const auto passwd = ReadFile("/etc/passwd");
  if (!passwd) return "/";
  const std::string uid = std::to_string(getuid());
  for (const std::string_view line : Split(*passwd, '\n')) {
    const auto fields = Split(line, ':');
    if (fields.size() >= 6 && fields[2] == uid) return std::string(fields[5]);
  }
  return "/";
}

Result<std::string> FromEnvironment(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return fallback;
  if (*value != '/')
    return Fail(Code::kInvalid, "{} is \"{}\"; it must be an absolute path", name, value);
  return std::string(value) + "/aileron";
}

}  // namespace

Result<Paths> FindPaths() {
  Paths paths;
  const char* home = std::getenv("HOME");
  paths.home = home != nullptr && *home == '/' ? home : HomeFromPasswd();
  AILERON_ASSIGN(paths.config, FromEnvironment("XDG_CONFIG_HOME", paths.home + "/.config/aileron"));
  AILERON_ASSIGN(paths.state,
                 FromEnvironment("XDG_STATE_HOME", paths.home + "/.local/state/aileron"));
  AILERON_ASSIGN(paths.cache, FromEnvironment("XDG_CACHE_HOME", paths.home + "/.cache/aileron"));
  AILERON_ASSIGN(paths.runtime,
                 FromEnvironment("XDG_RUNTIME_DIR", fmt::format("/tmp/aileron-{}", getuid())));
  return paths;
}

Result<std::string> CurrentFolder() {
  const std::unique_ptr<char, decltype(&std::free)> folder(getcwd(nullptr, 0), &std::free);
  if (!folder) return FailErrno("cannot tell the current folder");
  return std::string(folder.get());
}

Status MakePrivateFolder(const std::string& path) {
  AILERON_TRY(MakeFolders(path, 0700));
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return FailErrno("cannot look at {}", path);
  if (!S_ISDIR(info.st_mode)) return Fail(Code::kInvalid, "{} is not a folder", path);
  if (info.st_uid != geteuid()) {
    return Fail(Code::kDenied,
                "{} belongs to user {}, not to you; remove it, or set XDG_RUNTIME_DIR", path,
                info.st_uid);
  }
  if ((info.st_mode & 077) != 0 && chmod(path.c_str(), 0700) != 0) {
    return FailErrno("cannot make {} private", path);
  }
  return {};
}

}  // namespace aileron::os
