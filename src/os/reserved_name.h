// ReservedName: keeps a name in a folder from being taken while a sandbox runs.
//
// A name that does not exist cannot be mounted on, so an empty folder, or a file of a few fixed
// bytes, stands there meanwhile. It carries the sticky bit as a mark, and everybody who relies on
// it holds a shared lock: the last one takes it away. What somebody put into it stays, and the mark
// goes. git shows no empty folder as a change.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

class ReservedName {
 public:
  enum class Kind { kFolder, kFile };

  // Reserves `path`, relative to `root`; a new one belongs to the owner of the folder that it is
  // in. Nothing, when something of somebody's own has the name already, or when this user may not
  // make it. `bytes` are a file's, at most kBytesMax.
  static Result<std::optional<ReservedName>> Take(const Fd& root, const std::string& path,
                                                  Kind kind, std::string_view bytes = {});

  // Whether what has the name is the folder of somebody who reserved it: nothing of anybody's own.
  static bool Has(const std::string& absolute_path);

  // For whoever cleans up after a launcher that was killed: as the destructor does it.
  static void Remove(const std::string& absolute_path);

  // Takes the name away now. Returns a descriptor of what was removed, if it was: the kernel frees
  // it when that is closed, which for a folder takes as long as ten names do.
  Fd Release();

  ReservedName(ReservedName&&) = default;
  ReservedName& operator=(ReservedName&&) = delete;
  ~ReservedName();

  const std::string& path() const { return path_; }

  static constexpr std::size_t kBytesMax = 2;

 private:
  ReservedName(Fd held, Fd folder, std::string name, std::string path)
      : held_(std::move(held)),
        folder_(std::move(folder)),
        name_(std::move(name)),
        path_(std::move(path)) {}

  Fd held_;    // with the shared lock
  Fd folder_;  // what it is in
  std::string name_;
  std::string path_;
};

}  // namespace aileron::os
