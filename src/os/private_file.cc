#include "os/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/fd.h"

namespace aileron::os {

Result<Secret> ReadPrivateFile(const std::string& path, std::size_t limit) {
  // Not blocking: a FIFO would wait for its writer.
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return FailErrno("cannot open {}", path);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FailErrno("cannot look at {}", path);
  if (!S_ISREG(info.st_mode)) return Fail(Code::kDenied, "{} is not a regular file", path);
  if (info.st_uid != geteuid()) {
    return Fail(Code::kDenied, "{} belongs to somebody else. Use a file of your own", path);
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Fail(Code::kDenied, "other users may read or write {0}. Run \"chmod 600 {0}\"", path);
  }
  // One byte more, to see that it is too large.
  Secret secret = Secret::OfSize(limit + 1);
  std::size_t size = 0;
  while (size <= limit) {
    const auto room = secret.RevealWritable().subspan(size);
    const ssize_t count = read(file.get(), room.data(), room.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailErrno("cannot read {}", path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > limit) return Fail(Code::kInvalid, "{} is larger than {} bytes", path, limit);
  secret.Truncate(size);
  return secret;
}

}  // namespace aileron::os
