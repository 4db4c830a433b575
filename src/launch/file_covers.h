// FileCovers: which covers make rules about files hold wherever a sandbox shows the files.
//
// A file of the host may be shown at several places: in the workspace, by a mount of a folder above
// it, at its own path. A rule holds at each of them. The kernel refuses to move what a mount stands
// on, but not a folder above it: where the agent could, the folders in between are pinned. Of
// several rules about one place the strictest holds. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/spec.h"

namespace aileron::launch {

class FileCovers {
 public:
  // The spec has all its mounts, and what it hides. `paths` are the host's, absolute and resolved.
  explicit FileCovers(const sandbox::Spec& spec);

  // Where nothing is mounted that has it: at its own path, as the host's root has it.
  bool ShowsOfRoot(std::string_view path) const;
  // The same file, with the same access, stands at `target` anyway.
  bool Shows(std::string_view path, std::string_view target, sandbox::Access access) const;

  void Hide(std::string_view path);   // wherever it is shown
  void Close(std::string_view path);  // read-only, wherever it could be written
  void Open(std::string_view path);   // in the workspace, below something that is closed

  // A folder's before those of what is in it.
  std::vector<sandbox::Cover> Take() const;

 private:
  struct Tree {
    std::string source;  // empty: nothing of the host's
    std::string target;
    sandbox::Access access = sandbox::Access::kReadOnly;
  };
  struct Place {
    const Tree* tree;
    std::string below;  // relative to its target; empty: the target
  };

  const Tree& TreeAt(std::string_view inside, std::size_t trees) const;
  std::vector<Place> PlacesOf(std::string_view path) const;
  void Put(const Place& place, sandbox::CoverKind kind);
  void PinAbove(const Place& place);
  void PinMounts();

  std::vector<Tree> trees_;  // in the order in which they are put up
  std::map<std::string, sandbox::Cover> covers_;
};

}  // namespace aileron::launch
