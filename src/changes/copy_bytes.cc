// Tested by src/changes/clone_test.cc.

#include "changes/copy_bytes.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "changes/limits.h"

namespace aileron::changes {

namespace {

// Where the kernel does not copy between these two.
Result<ssize_t> CopyThroughHere(const os::Fd& from, const os::Fd& to, off_t at, std::size_t most) {
  std::vector<char> piece(std::min(most, limits::kPiece));
  const ssize_t count = pread(from.get(), piece.data(), piece.size(), at);
  if (count < 0) return os::FailErrno("cannot read a file");
  for (ssize_t done = 0; done < count;) {
    const ssize_t written =
        pwrite(to.get(), piece.data() + done, static_cast<std::size_t>(count - done), at + done);
    if (written < 0) return os::FailErrno("cannot write");
    done += written;
  }
  return count;
}

Status CopyPiece(const os::Fd& from, const os::Fd& to, off_t at, off_t end) {
  while (at < end) {
    off_t in = at, out = at;
    const auto most = static_cast<std::size_t>(end - at);
    ssize_t count = copy_file_range(from.get(), &in, to.get(), &out, most, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      if (errno != EXDEV && errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS)
        return os::FailErrno("cannot copy");
      AILERON_ASSIGN(count, CopyThroughHere(from, to, at, most));
    }
    if (count == 0) return Fail(Code::kUnavailable, "a file became shorter while it was copied");
    at += count;
  }
  return {};
}

}  // namespace

Status CopyBytes(const os::Fd& from, const os::Fd& to) {
  if (ioctl(to.get(), FICLONE, from.get()) == 0) return {};
  struct stat info;
  if (fstat(from.get(), &info) != 0) return os::FailErrno("cannot look at a file");
  if (ftruncate(to.get(), info.st_size) != 0) return os::FailErrno("cannot write");
  for (off_t at = 0; at < info.st_size;) {
    const off_t data = lseek(from.get(), at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) return {};  // nothing but a hole
    if (data < 0 && errno != EINVAL) return os::FailErrno("cannot read a file");
    // Some file systems tell no holes.
    const off_t begin = data < 0 ? at : data;
    const off_t hole = lseek(from.get(), begin, SEEK_HOLE);
    const off_t end = hole < 0 ? info.st_size : hole;
    AILERON_TRY(CopyPiece(from, to, begin, end));
    at = end;
  }
  return {};
}

}  // namespace aileron::changes
