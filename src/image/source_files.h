// SourceFiles: the files of an image that lies in a folder, or in a tar, by their names.
//
// No symlink leads out: in a folder none is followed at all, in a tar one leads to another name of
// the same tar (archive_index.h). What is no regular file is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "image/digest.h"
#include "os/fd.h"

namespace aileron::image {

// What fills a blob's descriptor from afar while it is read.
class Feed {
 public:
  virtual ~Feed() = default;
  // Once the reader has read all that it wants: ends the feed. Why the bytes ended early, if they
  // did.
  virtual Status Finish() = 0;
  // Whether some of the bytes were fetched in former times.
  virtual bool resumed() const = 0;
  // What was kept of the bytes, to go on with in later times, is not kept.
  virtual void Forget() = 0;
};

// `size` bytes from where the descriptor stands. It has a position of its own, or is a pipe.
struct Blob {
  os::Fd file;
  std::uint64_t size = 0;
  std::unique_ptr<Feed> feed;  // nothing where the bytes lie on this machine
};

class SourceFiles {
 public:
  virtual ~SourceFiles() = default;
  // kNotFound when there is none. May be called from several threads.
  virtual Result<Blob> Open(const std::string& name) const = 0;
  // What messages call the whole: its path.
  virtual const std::string& path() const = 0;
};

Result<std::unique_ptr<SourceFiles>> OpenFolder(const std::string& path);
// Reads the headers of all that is in the tar.
Result<std::unique_ptr<SourceFiles>> OpenArchive(const std::string& path);
// The same of one that is open; `path` is for messages.
Result<std::unique_ptr<SourceFiles>> OpenArchive(os::Fd file, const std::string& path);

// All of a file of at most `most` bytes.
Result<std::string> ReadWhole(const SourceFiles& files, const std::string& name, std::size_t most);

// All of a blob, whose size and digest are those that were promised; kInvalid names it.
Result<std::string> ReadVerified(const SourceFiles& files, const std::string& name,
                                 const Digest& digest, std::size_t most);

// kInvalid, for what has another digest than it should.
std::unexpected<Error> FailLying(std::string_view name, const Digest& promised, const Digest& got);

// Reads a blob to its end and compares its digest; `name` is for the message.
Status Verify(const Blob& blob, const Digest& digest, std::string_view name);

// What tells one state of an archive's file from another without reading it.
Result<std::string> FileStamp(const std::string& path);

}  // namespace aileron::image
