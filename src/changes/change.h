// Change: one difference between a folder of the host's and the copy that an agent worked on.
//
// The copy is the upper folder of an overlay mount (Documentation/filesystems/overlayfs.rst, with
// "userxattr") over the host's folder:
//
//   a character device 0:0, or an empty file with "user.overlay.whiteout" = the name is removed
//   a folder with "user.overlay.opaque" "y"  = of the host's folder nothing is left
//   "user.overlay.origin"                    = copied from the host's file before it was changed
//   anything else                            = it stands in the place of the host's
//
// An agent wrote all of it: names of any bytes, links to anywhere, no end of folders. No link is
// followed, nothing but regular files is opened, and all is bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::changes {

enum class Kind : std::uint8_t { kAdded, kModified, kDeleted };
enum class Type : std::uint8_t { kNothing, kFile, kFolder, kLink, kSpecial };
// What the host did to the same name since the copy began.
enum class Clash : std::uint8_t { kNone, kChanged, kRemoved };

// What stands at a name.
struct Entry {
  Type type = Type::kNothing;
  std::uint64_t size = 0;  // bytes of a file
  unsigned mode = 0;  // 07777; of what is to come out no set-id bit, nor one that lets others write
  std::string target;  // of a link
  bool operator==(const Entry&) const = default;
};

struct Change {
  std::string path;  // below both folders, any bytes but NUL
  Kind kind = Kind::kAdded;
  Entry before;  // on the host, now
  Entry after;   // in the copy
  Clash clash = Clash::kNone;
  std::int64_t before_ns = 0;  // when that was changed last (st_ctim), since 1970
};

struct Scope {
  std::vector<std::string> paths;  // these and what is below; none: all
  std::int64_t since_ns = 0;       // when the copy began, since 1970
};

// All that is different, folders before what is new in them, and after what is removed of them;
// names in order of bytes. `most` bounds the list: kUnsupported beyond it. A folder of the copy
// that shuts its owner out lets him in from then on.
Result<std::vector<Change>> Compare(const os::Fd& upper, const os::Fd& host, const Scope& scope,
                                    std::size_t most);

// "a//b/./c/" is "a/b/c". kInvalid for what leaves the folder, and for nothing.
Result<std::string> NormalPath(std::string_view path);

// The file for reading. Its owner, who is this process's user, may have shut himself out: of the
// copy it is opened all the same, and its mode stays; the host's is left alone. kInvalid for what
// is no regular file.
enum class Shut : std::uint8_t { kLetsIn, kStays };
Result<os::Fd> OpenFile(const os::Fd& folder, const std::string& name, Shut shut = Shut::kLetsIn);

}  // namespace aileron::changes
