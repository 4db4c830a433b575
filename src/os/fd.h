// Fd: owns a file descriptor. Everything here is opened close-on-exec.
#pragma once

#include <unistd.h>

#include <utility>

#include "base/result.h"

namespace aileron::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int descriptor) : descriptor_(descriptor) {}
  Fd(Fd&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.descriptor_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Reset(); }

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  int Release() { return std::exchange(descriptor_, -1); }
  void Reset(int descriptor = -1) {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = descriptor;
  }
  Result<Fd> Duplicate() const;

 private:
  int descriptor_ = -1;
};

// The Error for the errno of the call that just failed: "cannot open /x: Permission denied".
// EACCES and EPERM are kDenied, ENOENT kNotFound, EAGAIN and the like kUnavailable, ENOSYS and the
// like kUnsupported, the rest kInternal.
template <typename... Args>
std::unexpected<Error> FailErrno(fmt::format_string<Args...> format, Args&&... args);
Error ErrnoError(int number, std::string_view tried);

template <typename... Args>
std::unexpected<Error> FailErrno(fmt::format_string<Args...> format, Args&&... args) {
  const int number = errno;
  return std::unexpected(ErrnoError(number, fmt::format(format, std::forward<Args>(args)...)));
}

// The whole of a file, at most `limit` bytes (kInvalid beyond it).
Result<std::string> ReadFile(const std::string& path, std::size_t limit = 64u << 20);
// What is left to read of an open one. `name` is for the Error.
Result<std::string> ReadAll(const Fd& file, std::string_view name, std::size_t limit);
// A file in memory alone (memfd_create(2)) that holds `bytes`, to be read from its beginning.
Result<Fd> MemoryFileHolding(std::string_view bytes);
// The reading end of a pipe that holds `bytes` (at most 4096) and whose writing end is closed.
Result<Fd> PipeHolding(std::string_view bytes);
Status WriteAll(int descriptor, std::string_view bytes);
// Writes beside `path` and renames, so that a reader and a power cut see the old file or the new.
Status ReplaceFile(const std::string& path, std::string_view bytes, unsigned mode);
// mkdir -p, each new folder with `mode`.
Status MakeFolders(const std::string& path, unsigned mode);

}  // namespace aileron::os
