// EntryFolder: what a launcher shows of the host in a container, until the sandbox is built
// (sandbox/enter.h).
//
//   RUNTIME/enter-XXXXXX/      0700, locked by the launcher: one that is not is left behind
//     in/                      bound into the container
//       channel                the socket on which its first process asks for orders
//       aileron, trees/N       empty, to mount on
//     seccomp.json             for engines that are told a path
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::engine {

class EntryFolder {
 public:
  // Below `runtime`, the folder of this user; removes what launchers that were killed left there,
  // and tells of each by the name that its container has.
  static Result<EntryFolder> Make(const std::string& runtime,
                                  const std::function<void(const std::string&)>& left);
  EntryFolder() = default;
  EntryFolder(EntryFolder&& other) noexcept = default;
  EntryFolder& operator=(EntryFolder&& other) noexcept = default;
  ~EntryFolder();

  // A name for its container that no other has.
  std::string name() const;
  std::string entry() const { return path_ + "/in"; }
  // An empty file, to be mounted on.
  std::string empty_file() const;
  std::string seccomp_file() const { return path_ + "/seccomp.json"; }
  const os::Fd& listener() const { return listener_; }

  // The place of the tree of that number, a folder or a file as the tree is one.
  enum class Place { kFolder, kFile };
  Status MakePlace(std::size_t number, Place place);
  // Nobody can connect any more.
  void Close();

 private:
  std::string path_;
  os::Fd lock_;
  os::Fd listener_;
};

}  // namespace aileron::engine
