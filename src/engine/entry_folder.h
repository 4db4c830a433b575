// EntryFolder: what a launcher shows of the host in a container, until the sandbox is built
// (sandbox/enter.h).
//
//   RUNTIME/enter-XXXXXX/      (of an OCI runtime: oci-XXXXXX) 0700, locked by the launcher: one
//   that is not is left behind
//     in/                      bound into the container
//       channel                the socket on which its first process asks for orders
//       aileron, trees/N       empty, to mount on
//     seccomp.json             for engines that are told a path
//     bundle, state …          of an OCI runtime (engine/oci_runtime.h)
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "engine/held_folder.h"
#include "os/fd.h"

namespace aileron::engine {

class EntryFolder {
 public:
  // What folders of a kind begin with: who knows what to do with those left behind.
  static constexpr std::string_view kOfEngines = "enter-";
  static constexpr std::string_view kOfRuntimes = "oci-";

  // Left behind by a launcher that was killed.
  struct Left {
    std::string folder;
    std::string container;  // the name that it has
  };
  // Below `runtime`, the folder of this user; tells of each of this kind that was left behind
  // there, and removes it.
  static Result<EntryFolder> Make(const std::string& runtime, std::string_view kind,
                                  const std::function<void(const Left&)>& left);
  EntryFolder() = default;
  EntryFolder(EntryFolder&& other) noexcept = default;
  EntryFolder& operator=(EntryFolder&& other) noexcept = default;

  // A name for its container that no other has.
  std::string name() const;
  const std::string& path() const { return folder_.path(); }
  std::string entry() const { return path() + "/in"; }
  // An empty file, to be mounted on.
  std::string empty_file() const;
  std::string seccomp_file() const { return path() + "/seccomp.json"; }
  Status WriteSeccomp() const;
  const os::Fd& listener() const { return listener_; }

  // The place of the tree of that number, a folder or a file as the tree is one.
  enum class Place { kFolder, kFile };
  Status MakePlace(std::size_t number, Place place);
  // Nobody can connect any more.
  void Close();

 private:
  HeldFolder folder_;
  os::Fd listener_;
};

}  // namespace aileron::engine
