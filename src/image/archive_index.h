// ArchiveIndex: where the files of a tar are in it, so that an image in one is read in place.
//
//   header = 512 bytes: name[100] mode[8] uid[8] gid[8] size[12] mtime[12] checksum[8] type
//            linkname[100] magic[6] … prefix[155]         (POSIX.1-2001, ustar; GNU tar)
//   entry  = header, content padded to 512               the end is a header of zeros
//   'x' 'g' pax records for the next or all entries; 'L' 'K' GNU long names and link targets
//
// Names are as they are looked up: without "./" in front and "/" behind; a later entry of the same
// name is the one that counts. Files and links are kept, all else is skipped. Sparse files are
// refused, since their bytes are not what is in the archive.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron::image {

struct ArchiveEntry {
  std::uint64_t offset = 0;  // of the content
  std::uint64_t size = 0;
  std::string target;  // of a link: the name that it leads to in this archive; else empty
  bool operator==(const ArchiveEntry&) const = default;
};

class ArchiveIndex {
 public:
  // Fills the whole span from an offset, or fails.
  using ReadAt = std::function<Status(std::uint64_t offset, std::span<char> bytes)>;

  // Reads the headers of an archive of `size` bytes. kInvalid names the entry where it is damaged;
  // kUnsupported for one that is compressed as a whole.
  static Result<ArchiveIndex> Read(const ReadAt& read, std::uint64_t size, std::string_view what);

  // The file of that name, or nothing; one link is followed, as docker's own reader does, and its
  // target is another name in the archive.
  const ArchiveEntry* Find(std::string_view name) const;

  const std::map<std::string, ArchiveEntry, std::less<>>& entries() const { return entries_; }

 private:
  std::map<std::string, ArchiveEntry, std::less<>> entries_;
};

}  // namespace aileron::image
