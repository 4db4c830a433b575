// Tested by src/image/source_test.cc.

#include "image/source_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/text.h"
#include "image/archive_index.h"
#include "image/limits.h"
#include "os/beneath.h"

namespace aileron::image {
namespace {

constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr std::size_t kChunk = 256 << 10;

// Its size, when it is a regular file.
Result<std::uint64_t> RegularSize(const os::Fd& file, std::string_view name) {
  struct stat info;
  if (fstat(file.get(), &info) != 0) return os::FailErrno("cannot look at {}", name);
  if (!S_ISREG(info.st_mode)) return Fail(Code::kInvalid, "{} is no regular file", name);
  return static_cast<std::uint64_t>(info.st_size);
}

class FolderFiles : public SourceFiles {
 public:
  FolderFiles(os::Fd folder, std::string path)
      : folder_(std::move(folder)), path_(std::move(path)) {}

  Result<Blob> Open(const std::string& name) const override {
    auto file = os::OpenBeneath(folder_, name, kFlags);
    const std::string shown = fmt::format("{}/{}", Printable(path_), Printable(name));
    if (!file && file.error().code == Code::kNotFound) {
      return Fail(Code::kNotFound, "{} is not there", shown);
    }
    if (!file) return Wrap(std::move(file.error()), "{} (links are not followed)", shown);
    AILERON_ASSIGN(const std::uint64_t size, RegularSize(*file, shown));
    return Blob{std::move(*file), size};
  }
  const std::string& path() const override { return path_; }

 private:
  os::Fd folder_;
  std::string path_;
};

class ArchiveFiles : public SourceFiles {
 public:
  ArchiveFiles(os::Fd file, ArchiveIndex index, std::string path)
      : file_(std::move(file)), index_(std::move(index)), path_(std::move(path)) {}

  Result<Blob> Open(const std::string& name) const override {
    const ArchiveEntry* entry = index_.Find(name);
    if (entry == nullptr) {
      return Fail(Code::kNotFound, "{}: there is no file {} in it", Printable(path_),
                  Printable(name));
    }
    // Opened anew, so that it has a position of its own; by descriptor, so that it is this file.
    const std::string itself = fmt::format("/proc/self/fd/{}", file_.get());
    os::Fd own(open(itself.c_str(), O_RDONLY | O_CLOEXEC));
    if (!own || lseek(own.get(), static_cast<off_t>(entry->offset), SEEK_SET) < 0) {
      return os::FailErrno("cannot open {} again", Printable(path_));
    }
    return Blob{std::move(own), entry->size};
  }
  const std::string& path() const override { return path_; }

 private:
  os::Fd file_;
  ArchiveIndex index_;
  std::string path_;
};

// Hands all of a blob to `take` in pieces.
template <typename Take>
Status ReadPieces(const Blob& blob, std::string_view name, const Take& take) {
  std::vector<char> piece(std::min<std::uint64_t>(kChunk, std::max<std::uint64_t>(blob.size, 1)));
  for (std::uint64_t left = blob.size; left > 0;) {
    const ssize_t count =
        read(blob.file.get(), piece.data(), std::min<std::uint64_t>(piece.size(), left));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FailErrno("cannot read {}", name);
    if (count == 0) return Fail(Code::kInvalid, "{} was cut while it was read", name);
    take(std::string_view(piece.data(), static_cast<std::size_t>(count)));
    left -= static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<std::string> ReadBlob(const Blob& blob, std::string_view name, std::size_t most) {
  if (blob.size > most) {
    return Fail(Code::kInvalid, "{} has {} bytes, more than {}", name, blob.size, most);
  }
  std::string text;
  text.reserve(blob.size);
  AILERON_TRY(ReadPieces(blob, name, [&](std::string_view piece) { text += piece; }));
  return text;
}

std::string Shown(const SourceFiles& files, const std::string& name) {
  return fmt::format("{}/{}", Printable(files.path()), Printable(name));
}

}  // namespace

std::unexpected<Error> FailLying(std::string_view name, const Digest& promised, const Digest& got) {
  return Fail(
      Code::kInvalid,
      "{} is damaged, or was changed: its digest is {}, and {} was promised. Copy the image "
      "anew",
      name, got.Text(), promised.Text());
}

Result<std::unique_ptr<SourceFiles>> OpenFolder(const std::string& path) {
  os::Fd folder(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return os::FailErrno("cannot open the folder {}", Printable(path));
  return std::make_unique<FolderFiles>(std::move(folder), path);
}

Result<std::unique_ptr<SourceFiles>> OpenArchive(const std::string& path) {
  // A pipe must not make us wait for its writer; a link to the archive itself is the user's.
  os::Fd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return os::FailErrno("cannot open {}", Printable(path));
  return OpenArchive(std::move(file), path);
}

Result<std::unique_ptr<SourceFiles>> OpenArchive(os::Fd file, const std::string& path) {
  const std::string shown = Printable(path);
  AILERON_ASSIGN(const std::uint64_t size, RegularSize(file, shown));
  const auto read = [&](std::uint64_t offset, std::span<char> bytes) -> Status {
    while (!bytes.empty()) {
      const ssize_t count =
          pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return os::FailErrno("cannot read {}", shown);
      if (count == 0) return Fail(Code::kInvalid, "{} was cut while it was read", shown);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return {};
  };
  AILERON_ASSIGN(ArchiveIndex index, ArchiveIndex::Read(read, size, shown));
  return std::make_unique<ArchiveFiles>(std::move(file), std::move(index), path);
}

Result<std::string> ReadWhole(const SourceFiles& files, const std::string& name, std::size_t most) {
  AILERON_ASSIGN(const Blob blob, files.Open(name));
  return ReadBlob(blob, Shown(files, name), most);
}

Result<std::string> ReadVerified(const SourceFiles& files, const std::string& name,
                                 const Digest& digest, std::size_t most) {
  AILERON_ASSIGN(std::string text, ReadWhole(files, name, most));
  const Digest got = DigestOf(text, digest.algorithm);
  if (got != digest) return FailLying(Shown(files, name), digest, got);
  return text;
}

Status Verify(const Blob& blob, const Digest& digest, std::string_view name) {
  Hasher hasher(digest.algorithm);
  AILERON_TRY(ReadPieces(blob, name, [&](std::string_view piece) { hasher.Update(piece); }));
  const Digest got = hasher.Finish();
  if (got != digest) return FailLying(name, digest, got);
  return {};
}

Result<std::string> FileStamp(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return os::FailErrno("cannot look at {}", Printable(path));
  return fmt::format("{}:{}:{}:{}.{}:{}.{}", info.st_dev, info.st_ino, info.st_size,
                     info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
                     info.st_ctim.tv_nsec);
}

}  // namespace aileron::image
