#include "image/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace aileron::image {
namespace {

constexpr auto kFirstPause = std::chrono::milliseconds(1);
constexpr auto kLongestPause = std::chrono::milliseconds(50);

// Whether the name still is the open file's.
bool IsNamed(const os::Fd& file, const std::string& path) {
  struct stat open_one, named;
  return fstat(file.get(), &open_one) == 0 && lstat(path.c_str(), &named) == 0 &&
         open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

}  // namespace

Result<std::optional<FileLock>> FileLock::Try(const std::string& path, Kind kind, Missing missing) {
  const int make = missing == Missing::kMake ? O_CREAT : 0;
  while (true) {
    os::Fd file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | make, 0600));
    if (!file) return os::FailErrno("cannot open {}", path);
    const int wanted = (kind == Kind::kAlone ? LOCK_EX : LOCK_SH) | LOCK_NB;
    if (flock(file.get(), wanted) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      if (errno == EINTR) continue;
      return os::FailErrno("cannot lock {}", path);
    }
    // Removed between the opening and the lock: the next one counts.
    if (IsNamed(file, path)) return FileLock(std::move(file), path);
  }
}

Result<FileLock> FileLock::Wait(const std::string& path, Kind kind, Duration longest,
                                std::string_view who, Missing missing) {
  const Duration deadline = Uptime() + longest;
  auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(kFirstPause);
  while (true) {
    AILERON_ASSIGN(auto lock, Try(path, kind, missing));
    if (lock) return std::move(*lock);
    if (Uptime() >= deadline) {
      return Fail(Code::kUnavailable, "{} is held by {} for more than {}. Try again later", path,
                  who, FormatDuration(longest));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(kLongestPause));
  }
}

void FileLock::Remove() {
  unlink(path_.c_str());
  file_.Reset();
}

}  // namespace aileron::image
