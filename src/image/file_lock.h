// FileLock: an advisory lock on a file of its own (flock(2)), which the kernel lets go of when its
// process ends, however it ends.
//
// The file may be removed by whoever holds it alone: a lock that is taken is one on the file that
// has the name then.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "os/fd.h"

namespace aileron::image {

class FileLock {
 public:
  enum class Kind : unsigned char { kShared, kAlone };
  enum class Missing : unsigned char { kMake, kFail };

  // Nothing when somebody else's lock is in the way. kNotFound without a file, where it is not
  // made.
  static Result<std::optional<FileLock>> Try(const std::string& path, Kind kind,
                                             Missing missing = Missing::kMake);
  // Waits for it, at most `longest`; then kUnavailable says that `who` holds it.
  static Result<FileLock> Wait(const std::string& path, Kind kind, Duration longest,
                               std::string_view who, Missing missing = Missing::kMake);

  int descriptor() const { return file_.get(); }
  // Removes the file, and lets go. For one who holds it alone.
  void Remove();

 private:
  FileLock(os::Fd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  os::Fd file_;
  std::string path_;
};

}  // namespace aileron::image
