#include "trust/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "os/fd.h"
#include "os/reserved_name.h"
#include "policy/limits.h"

namespace aileron::trust {
namespace {

constexpr std::string_view kFormerUserFile = "rules.yaml";

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

std::string In(const std::string& folder, std::string_view name) {
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

Result<std::string> ReadText(const std::string& path, int flags) {
  // A pipe must not make us wait for its writer.
  const os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags));
  if (!file && errno == ELOOP) {
    return Fail(Code::kInvalid,
                "{} is a link: a policy is read from a file of its own. Replace it "
                "by the file that it leads to",
                path);
  }
  if (!file) return os::FailErrno("cannot open {}", path);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return os::FailErrno("cannot look at {}", path);
  if (!S_ISREG(info.st_mode)) {
    return Fail(Code::kInvalid, "{} is no ordinary file: a policy is read from one", path);
  }
  return os::ReadAll(file, path, policy::limits::kPolicyFileMax);
}

}  // namespace

std::vector<std::string> FindProject(const std::string& workspace, const std::string& home) {
  std::vector<std::string> found;
  std::string folder = workspace;
  while (!folder.empty() && folder != home) {
    std::string path = In(folder, kProjectFile);
    if (Exists(path) && !os::ReservedName::Has(path)) found.push_back(std::move(path));
    folder.resize(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
  }
  return found;
}

Result<std::string> ReadPolicyText(const std::string& path) { return ReadText(path, O_NOFOLLOW); }

Result<std::string> ReadUserText(const std::string& config) {
  const std::string path = In(config, kUserFile), former = In(config, kFormerUserFile);
  if (Exists(former)) {
    return Fail(Code::kInvalid,
                "{0} is called policy.yaml now, and what it says stays valid. Run \"mv -n {0} {1}\""
                "{2}",
                former, path, Exists(path) ? ", with what is to stay of both in one" : "");
  }
  // Whoever can write the file decides. Its folder is private, so that nobody else can exchange the
  // file after this look.
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(Code::kInvalid, "{0}: other users can write this file. Run \"chmod go-w {0}\"",
                path);
  }
  auto text = ReadText(path, 0);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  return text;
}

}  // namespace aileron::trust
