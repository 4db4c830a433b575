#include "os/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "os/pipe.h"

namespace aileron::os {

Result<Fd> Fd::Duplicate() const {
  const int copy = fcntl(descriptor_, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return FailErrno("cannot duplicate a descriptor");
  return Fd(copy);
}

Error ErrnoError(int number, std::string_view tried) {
  Code code = Code::kInternal;
  switch (number) {
    case EACCES:
    case EPERM:
    case EROFS:
      code = Code::kDenied;
      break;
    case ENOENT:
    case ESRCH:
    case ENOTDIR:
      code = Code::kNotFound;
      break;
    case EAGAIN:
    case ECONNREFUSED:
    case ETIMEDOUT:
    case EBUSY:
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      code = Code::kUnavailable;
      break;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
      code = Code::kUnsupported;
      break;
    case EINVAL:
    case ENAMETOOLONG:
      code = Code::kInvalid;
      break;
    default:
      break;
  }
  return Error{code, fmt::format("{}: {}", tried, strerrordesc_np(number))};
}

Result<std::string> ReadFile(const std::string& path, std::size_t limit) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return FailErrno("cannot open {}", path);
  return ReadAll(file, path, limit);
}

Result<std::string> ReadAll(const Fd& file, std::string_view name, std::size_t limit) {
  std::string bytes;
  char chunk[16384];
  while (true) {
    const ssize_t count = read(file.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailErrno("cannot read {}", name);
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(count) > limit) {
      return Fail(Code::kInvalid, "{} is larger than {} bytes", name, limit);
    }
    bytes.append(chunk, static_cast<std::size_t>(count));
  }
}

Result<Fd> MemoryFileHolding(std::string_view bytes) {
  Fd file(memfd_create("aileron", MFD_CLOEXEC));
  if (!file) return FailErrno("cannot make a file in memory");
  AILERON_TRY(WriteAll(file.get(), bytes));
  if (lseek(file.get(), 0, SEEK_SET) != 0) return FailErrno("cannot rewind a file in memory");
  return file;
}

Result<Fd> PipeHolding(std::string_view bytes) {
  if (bytes.size() > PIPE_BUF) return Fail(Code::kInvalid, "{} bytes are too many", bytes.size());
  AILERON_ASSIGN(Pipe pipe, MakePipe());
  AILERON_TRY(WriteAll(pipe.writer.get(), bytes));
  return std::move(pipe.reader);
}

Status WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailErrno("cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status ReplaceFile(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string fresh = fmt::format("{}.{}.new", path, getpid());
  Fd file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return FailErrno("cannot create {}", fresh);
  auto written = WriteAll(file.get(), bytes);
  if (written && fsync(file.get()) != 0) written = FailErrno("cannot write {}", fresh);
  if (written && rename(fresh.c_str(), path.c_str()) != 0) {
    written = FailErrno("cannot replace {}", path);
  }
  if (!written) unlink(fresh.c_str());
  return written;
}

Status MakeFolders(const std::string& path, unsigned mode) {
  for (std::size_t at = 1; at != std::string::npos && at < path.size();) {
    at = path.find('/', at);
    const std::string folder = path.substr(0, at);
    if (mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
      // A parent that cannot be written may exist all the same (EROFS, EACCES): only the last
      // counts.
      if (at == std::string::npos || errno == ENOSPC)
        return FailErrno("cannot create the folder {}", folder);
    }
    if (at != std::string::npos) ++at;
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return FailErrno("cannot create the folder {}", path);
  if (!S_ISDIR(info.st_mode)) return Fail(Code::kInvalid, "{} is not a folder", path);
  return {};
}

}  // namespace aileron::os
