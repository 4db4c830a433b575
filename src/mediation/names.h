// Names: where a name leads in the sandbox, followed by hand, one part after the other.
//
// Beside the file it says what the name is worth: `stable` when nobody inside can make it lead to
// another file, since each part of it stands on a mount that they cannot write, and no part is
// proc's. Links are followed within the sandbox's own root folder. Nothing is opened but to be
// looked at, except a script's first line.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "command/execution.h"
#include "os/fd.h"

namespace aileron::mediation {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

struct Named {
  std::string path;  // links followed
  FileId file;
  timespec changed{};  // when its inode was last changed
  command::Origin origin = command::Origin::kSandbox;
  std::vector<std::string> links;  // on the way that nobody inside can write, but for the name
  bool stable = false;
  bool has_other_names = false;  // hard links
};

class Names {
 public:
  explicit Names(os::Fd root) : root_(std::move(root)) {}

  // Of an absolute name. Nothing when it leads nowhere, or through proc's own links.
  std::optional<Named> Follow(const std::string& name) const;
  // Whether the file stands where it was found, unchanged. Cheap: one call.
  bool Stands(const Named& named) const;
  // The first limits::kScriptHead bytes of a file that was found; empty when they cannot be read.
  std::string HeadOf(const Named& named) const;

 private:
  os::Fd root_;
};

// Whether whoever runs inside may write the mount that `descriptor` (O_PATH) stands on.
bool OnReadOnlyMount(int descriptor);

}  // namespace aileron::mediation
