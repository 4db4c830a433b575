// Context: the files that a build may take into the image, as they are now.
//
// A folder is read without following a link. What the rules leave out is not in it, but folders on
// the way to what they take back are. Of a file its path, permissions and content count; who owns
// it and when it was changed does not. Sockets are left out, as docker does; pipes and devices are
// refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "build/ignore.h"
#include "build/stat_cache.h"
#include "crypto/hash.h"
#include "os/fd.h"

namespace aileron::build {

struct ContextEntry {
  enum class Kind : std::uint8_t { kFile, kFolder, kLink };
  Kind kind = Kind::kFile;
  unsigned mode = 0;   // permission bits
  std::string path;    // from the context, plain
  std::string target;  // of a link
  std::uint64_t size = 0;
  crypto::Digest digest{};  // of a file
};

struct Context {
  std::vector<ContextEntry>
      entries;  // a folder before what is in it; names in order of their bytes
  std::size_t files = 0;
  std::uint64_t bytes = 0;  // of all files

  // The same for the same entries.
  std::string Digest() const;
};

// `name` is the folder's, for messages. kInvalid for what cannot be sent, or is too much.
Result<Context> ReadContext(const os::Fd& folder, std::string_view name, const IgnoreRules& rules,
                            StatCache& cache, Time now);

// Makes the folder `to` of these entries. kUnavailable when one is not what it was when it was
// read: what is copied is what its digest says.
Status CopyContext(const os::Fd& folder, std::string_view name, const Context& context,
                   const std::string& to);

}  // namespace aileron::build
