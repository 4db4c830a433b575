#include "image/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace aileron::image {

namespace {

bool AreZeros(std::string_view bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

std::string_view Text(const char* text) { return text != nullptr ? text : std::string_view(); }

// libarchive warns of what it leaves out or guesses. That it keeps a name's bytes, since no locale
// has them, is what we want; all else would be another file than the one that was packed.
bool IsAboutCharacters(archive* from) {
  return Text(archive_error_string(from)).find("can't be converted") != std::string_view::npos;
}

Result<TarEntry::Type> TypeOf(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return TarEntry::Type::kHardLink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return TarEntry::Type::kFile;
    case AE_IFDIR:
      return TarEntry::Type::kFolder;
    case AE_IFLNK:
      return TarEntry::Type::kSymlink;
    case AE_IFIFO:
      return TarEntry::Type::kFifo;
    case AE_IFCHR:
    case AE_IFBLK:
      return TarEntry::Type::kDevice;
    default:
      return Fail(Code::kInvalid, "the entry {} is of a kind that no file has",
                  Printable(Text(archive_entry_pathname(entry))));
  }
}

Status TakeXattrs(archive_entry* from, std::size_t limit, TarEntry& entry) {
  std::size_t total = 0;
  archive_entry_xattr_reset(from);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
    total += std::strlen(name) + size;
    if (total > limit) {
      return Fail(Code::kInvalid, "the entry {} has more than {} bytes of extended attributes",
                  Printable(entry.path), limit);
    }
    entry.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return {};
}

Result<TarEntry> Take(archive_entry* from, const LayerLimits& limits) {
  TarEntry entry;
  entry.path = Text(archive_entry_pathname(from));
  AILERON_ASSIGN(entry.type, TypeOf(from));
  if (entry.type == TarEntry::Type::kHardLink) entry.target = archive_entry_hardlink(from);
  if (entry.type == TarEntry::Type::kSymlink) entry.target = Text(archive_entry_symlink(from));
  entry.mode = archive_entry_perm(from) & 07777;
  const long nanoseconds = archive_entry_mtime_nsec(from);
  entry.mtime = {.tv_sec = archive_entry_mtime(from),
                 .tv_nsec = nanoseconds >= 0 && nanoseconds < 1'000'000'000 ? nanoseconds : 0};
  if (entry.type == TarEntry::Type::kFile) {
    const la_int64_t size = archive_entry_size(from);
    if (size < 0) {
      return Fail(Code::kInvalid, "the entry {} has a negative size", Printable(entry.path));
    }
    entry.size = static_cast<std::uint64_t>(size);
  }
  entry.foreign_owner = archive_entry_uid(from) != 0 || archive_entry_gid(from) != 0;
  entry.has_acl = archive_entry_acl_reset(
                      from, ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT) > 0;
  AILERON_TRY(TakeXattrs(from, limits.xattr_bytes, entry));
  return entry;
}

}  // namespace

// libarchive's callback.
struct TarFeed {
  static la_ssize_t Read(archive* to, void* reader, const void** bytes) {
    TarReader& self = *static_cast<TarReader*>(reader);
    const auto fail = [&](Error error) -> la_ssize_t {
      self.error_ = std::move(error);
      archive_set_error(to, EIO, "the stream failed");
      return ARCHIVE_FATAL;
    };
    if (self.in_header_ && self.given_ - self.header_begin_ > self.limits_.header_bytes) {
      return fail({Code::kInvalid, fmt::format("the headers of an entry have more than {} bytes",
                                               self.limits_.header_bytes)});
    }
    auto piece = self.stream_.Next();
    if (!piece) return fail(std::move(piece).error());
    if (!piece->empty()) self.piece_ = *piece;
    self.given_ += piece->size();
    *bytes = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  }
};

TarReader::TarReader(LayerStream& stream, const LayerLimits& limits)
    : stream_(stream), limits_(limits), archive_(archive_read_new()) {
  AILERON_CHECK(archive_ != nullptr);
  archive_read_support_format_tar(archive_.get());
}

std::uint64_t TarReader::Position() const {
  return static_cast<std::uint64_t>(
      std::max<la_int64_t>(0, archive_filter_bytes(archive_.get(), 0)));
}

Error TarReader::Failure() {
  if (error_) return *std::move(error_);
  if (given_ == 0) return {Code::kInvalid, "it is empty, and a tar has at least one block"};
  const std::string_view told = Text(archive_error_string(archive_.get()));
  return {Code::kInvalid, fmt::format("its tar is damaged or cut after {} bytes: {}", Position(),
                                      told.empty() ? "it ends within an entry" : Printable(told))};
}

Result<std::optional<TarEntry>> TarReader::Next() {
  int result = ARCHIVE_OK;
  if (given_ == 0) {
    in_header_ = true;
    result = archive_read_open(archive_.get(), this, nullptr, &TarFeed::Read, nullptr);
  } else {
    in_header_ = false;
    result = archive_read_data_skip(archive_.get());
  }
  if (result != ARCHIVE_OK) return std::unexpected(Failure());
  header_begin_ = Position();
  in_header_ = true;
  archive_entry* entry = nullptr;
  result = archive_read_next_header(archive_.get(), &entry);
  in_header_ = false;
  if (error_) return std::unexpected(Failure());
  if (result == ARCHIVE_EOF) {
    AILERON_TRY(CheckRest());
    return std::nullopt;
  }
  if (result != ARCHIVE_OK && !(result == ARCHIVE_WARN && IsAboutCharacters(archive_.get())))
    return std::unexpected(Failure());
  AILERON_ASSIGN(TarEntry taken, Take(entry, limits_));
  size_ = taken.size;
  block_end_ = 0;
  return taken;
}

Result<std::optional<TarBlock>> TarReader::NextBlock() {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int result = archive_read_data_block(archive_.get(), &bytes, &size, &offset);
  if (error_) return std::unexpected(Failure());
  if (result == ARCHIVE_EOF) return std::nullopt;
  if (result != ARCHIVE_OK) return std::unexpected(Failure());
  const std::uint64_t begin = static_cast<std::uint64_t>(offset);
  if (offset < 0 || begin < block_end_ || begin > size_ || size > size_ - begin) {
    return Fail(Code::kInvalid, "a piece of the file lies outside of it or of its order");
  }
  block_end_ = begin + size;
  return TarBlock{begin, {static_cast<const char*>(bytes), size}};
}

// libarchive takes a block of zeros and the one behind it, whatever it holds, for the end. All that
// stands there lies in the last piece, since pieces begin where blocks begin, or is not read yet.
Status TarReader::CheckRest() {
  const std::uint64_t behind = given_ - std::min(given_, header_begin_);
  std::string_view rest =
      piece_.substr(piece_.size() - std::min<std::uint64_t>(behind, piece_.size()));
  while (true) {
    if (!AreZeros(rest)) {
      return Fail(Code::kInvalid, "behind the end of its tar stand bytes that are not zero");
    }
    AILERON_ASSIGN(rest, stream_.Next());
    if (rest.empty()) return {};
  }
}

}  // namespace aileron::image
