#include "keep/output_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "keep/limits.h"

namespace aileron::keep {

namespace {

std::string Current(const std::string& folder) { return folder + "/output"; }
std::string Former(const std::string& folder) { return folder + "/output.1"; }

os::Fd Create(const std::string& path) {
  return os::Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
}

os::Fd OpenToRead(const std::string& path) {
  return os::Fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

Result<OutputLog> OutputLog::Open(const std::string& folder, std::uint64_t most) {
  os::Fd file = Create(Current(folder));
  if (!file) return os::FailErrno("cannot make {}", Current(folder));
  return OutputLog(folder, most, std::move(file));
}

void OutputLog::Write(std::string_view bytes) {
  if (size_ >= most_) {
    (void)rename(Current(folder_).c_str(), Former(folder_).c_str());
    file_.Reset();
    size_ = 0;
  }
  if (!file_) file_ = Create(Current(folder_));
  if (file_ && os::WriteAll(file_.get(), bytes)) size_ += bytes.size();
}

Result<OutputReader> OutputReader::Open(const std::string& folder) {
  while (true) {
    os::Fd file = OpenToRead(Current(folder));
    if (!file) return os::FailErrno("cannot open {}", Current(folder));
    std::string before = os::ReadFile(Former(folder), 2 * limits::kLog).value_or("");
    // Between the two looks the one may have become the other.
    struct stat ours, former;
    const bool became = fstat(file.get(), &ours) == 0 &&
                        stat(Former(folder).c_str(), &former) == 0 &&
                        ours.st_ino == former.st_ino && ours.st_dev == former.st_dev;
    if (!became) return OutputReader(Current(folder), std::move(file), std::move(before));
  }
}

std::string OutputReader::Next() {
  std::string text = std::move(before_);
  before_.clear();
  while (true) {
    char bytes[16384];
    const ssize_t count = read(file_.get(), bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) {
      text.append(bytes, static_cast<std::size_t>(count));
      continue;
    }
    // It is output.1 by now, perhaps.
    struct stat ours, named;
    if (fstat(file_.get(), &ours) != 0 || stat(path_.c_str(), &named) != 0) return text;
    if (ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) return text;
    os::Fd next = OpenToRead(path_);
    if (!next) return text;
    file_ = std::move(next);
  }
}

std::string_view LastLines(std::string_view text, std::size_t lines) {
  if (lines == 0) return {};
  std::size_t at = text.size();
  if (text.ends_with('\n')) --at;
  while (at > 0) {
    const std::size_t end = text.rfind('\n', at - 1);
    if (end == text.npos) return text;
    if (--lines == 0) return text.substr(end + 1);
    at = end;
  }
  return text;
}

}  // namespace aileron::keep
