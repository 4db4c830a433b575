// TarReader: the entries of a tar, read once from its beginning to its end. libarchive parses; here
// its answers are checked and given types.
//
//   ustar, pax (POSIX.1-2001), GNU (long names, old and pax sparse files) and what was before them
//
// Names come out as bytes, as they stand in the archive: no character set is converted. (libarchive
// converts a pax name to the locale's; in the "C" locale, which this program never leaves, that
// either changes nothing or fails and leaves the bytes.) A name ends at its first NUL.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/free_with.h"
#include "base/result.h"
#include "image/layer_stream.h"

struct archive;
extern "C" int archive_read_free(struct archive*);

namespace aileron::image {

struct TarEntry {
  enum class Type : unsigned char {
    kFile,
    kFolder,
    kSymlink,
    kHardLink,
    kFifo,
    kDevice,  // character or block
  };

  std::string path;  // as it stands there
  Type type = Type::kFile;
  std::string target;  // of a symlink or hard link
  mode_t mode = 0;     // permissions with setuid, setgid and sticky, no type
  timespec mtime{};
  std::uint64_t size = 0;      // of a file, holes counted; else 0
  bool foreign_owner = false;  // the entry's uid or gid is not 0
  std::vector<std::pair<std::string, std::string>> xattrs;
  bool has_acl = false;  // a POSIX access control list beyond the mode
};

// A piece of a file. Between pieces are holes.
struct TarBlock {
  std::uint64_t offset;
  std::string_view bytes;  // good until the next call
};

class TarReader {
 public:
  // Both live as long as the reader.
  TarReader(LayerStream& stream, const LayerLimits& limits);

  // The next entry; what was not read of the one before is skipped. Nothing at the archive's end,
  // which is two blocks of zeros or the end of the stream (some writers leave the blocks out), and
  // behind which are zeros alone: the stream has been read whole then. kInvalid for all else.
  Result<std::optional<TarEntry>> Next();
  // The next piece of the entry's file, in order. Nothing at its end.
  Result<std::optional<TarBlock>> NextBlock();

 private:
  friend struct TarFeed;

  // What libarchive's last answer, which was no success, means.
  Error Failure();
  Status CheckRest();
  std::uint64_t Position() const;

  LayerStream& stream_;
  const LayerLimits& limits_;
  std::unique_ptr<archive, FreeWith<&archive_read_free>> archive_;
  std::optional<Error> error_;      // of the stream, while libarchive was reading
  std::string_view piece_;          // the stream's last
  std::uint64_t given_ = 0;         // bytes of the stream that libarchive got
  std::uint64_t header_begin_ = 0;  // where the entry's headers begin
  std::uint64_t block_end_ = 0;     // of the file that is read
  std::uint64_t size_ = 0;
  bool in_header_ = false;
};

}  // namespace aileron::image
