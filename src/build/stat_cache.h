// StatCache: digests of files that have not changed since they were read, so that a large context
// is not read again for each launch.
//
//   file = magic {record} SHA-256 of all before it
//   record = device, inode, size, mtime, ctime, SHA-256 of the content; this machine's byte order
//
// Nobody can set a file's ctime, so one with the same identity, size and times has the same bytes;
// one whose ctime is within limits::kSettled of now may change again unseen, and is not kept. It
// saves reading and decides nothing: what is built is read anew and compared. A damaged file counts
// as empty.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace aileron::build {

class StatCache {
 public:
  explicit StatCache(std::string path);

  std::optional<crypto::Digest> Find(const struct stat& info) const;
  // Of a file that is there now. What is not added again is gone when it is saved.
  void Add(const struct stat& info, const crypto::Digest& digest, Time now);
  // Nothing is written when nothing changed.
  Status Save() const;

 private:
  struct Record {
    std::uint64_t device, inode, size;
    std::int64_t modified, changed;  // nanoseconds since 1970
    crypto::Digest digest;

    static Record Of(const struct stat& info);
    auto operator<=>(const Record&) const = default;
  };
  // In one order, so that the same files give the same bytes.
  static std::string Text(std::vector<Record> records);

  std::string path_;
  std::vector<Record> known_;  // in order
  std::vector<Record> kept_;
};

}  // namespace aileron::build
