// HeldFolder: a folder in the launcher's runtime folder that is gone with it. A lock says that its
// maker lives; what a killed one left, the next sweeps.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::engine {

class HeldFolder {
 public:
  HeldFolder() = default;
  // `kind` is what its name begins with; `left` is told of each folder of that kind that nobody
  // holds, before it is removed.
  static Result<HeldFolder> Make(const std::string& runtime, std::string_view kind,
                                 const std::function<void(const std::string& path)>& left);
  HeldFolder(HeldFolder&& other) noexcept = default;
  HeldFolder& operator=(HeldFolder&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~HeldFolder();

  // Empty where there is none.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  os::Fd lock_;
};

}  // namespace aileron::engine
