#include "image/archive_index.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "image/decompressor.h"
#include "image/limits.h"

namespace aileron::image {
namespace {

constexpr std::size_t kBlock = 512;
using Block = std::array<char, kBlock>;

// Where a header's fields are.
struct Field {
  std::size_t begin, size;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kLinkName{157, 100},
    kMagic{257, 6}, kPrefix{345, 155};
constexpr std::size_t kType = 156;

std::string_view BytesOf(const Block& block, Field field) {
  return std::string_view(block.data(), block.size()).substr(field.begin, field.size);
}

std::string_view TextOf(const Block& block, Field field) {
  const std::string_view bytes = BytesOf(block, field);
  return bytes.substr(0, bytes.find('\0'));
}

// Octal digits, or GNU's big-endian number behind a byte with its highest bit set.
std::optional<std::uint64_t> NumberOf(std::string_view bytes) {
  if ((static_cast<unsigned char>(bytes[0]) & 0x80) != 0) {
    std::uint64_t value = static_cast<unsigned char>(bytes[0]) & 0x7F;
    for (const char c : bytes.substr(1)) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  const std::string_view digits = Trim(bytes, std::string_view(" \0", 2));
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '7' || value >> 60 != 0) return std::nullopt;
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

// The sum of all bytes, with the field of the sum itself as blanks.
bool ChecksumHolds(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.begin && i < kChecksum.begin + kChecksum.size;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return NumberOf(BytesOf(block, kChecksum)) == sum;
}

// "./a//b/" is "a/b". Nothing for what leads out.
std::optional<std::string> Normal(std::string_view name) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : Split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && parts.empty()) return std::nullopt;
    if (part == "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

// What pax records and GNU's long names say about the next entry.
struct Extension {
  std::optional<std::string> name, link;
  std::optional<std::uint64_t> size;
  bool sparse = false;
};

// records = {length " " key "=" value "\n"}, where the length counts all of its record.
bool ReadPax(std::string_view records, Extension& extension) {
  while (!records.empty()) {
    const std::size_t blank = records.find(' ');
    const auto length = ParseInteger<std::size_t>(records.substr(0, blank));
    if (blank == std::string_view::npos || !length || *length < blank + 3 ||
        *length > records.size() || records[*length - 1] != '\n') {
      return false;
    }
    const std::string_view record = records.substr(blank + 1, *length - blank - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") extension.name = value;
    if (key == "linkpath") extension.link = value;
    if (key.starts_with("GNU.sparse.")) extension.sparse = true;
    if (key == "size") {
      extension.size = ParseInteger<std::uint64_t>(value);
      if (!extension.size) return false;
    }
    records.remove_prefix(*length);
  }
  return true;
}

class Reader {
 public:
  Reader(const ArchiveIndex::ReadAt& read, std::uint64_t size, std::string_view what)
      : read_(read), size_(size), what_(what) {}

  // The next file or link with its name; nothing at the end.
  Result<std::optional<std::pair<std::string, ArchiveEntry>>> Next();

 private:
  Status Extend(const Block& block, std::uint64_t size);
  std::string NameOf(const Block& block) const;
  std::unexpected<Error> Damaged(std::string_view why) const {
    return Fail(Code::kInvalid, "{} is damaged: {}, at byte {}", what_, why, at_);
  }

  const ArchiveIndex::ReadAt& read_;
  std::uint64_t size_, at_ = 0;
  std::string_view what_;
  Extension all_, next_;
  std::size_t count_ = 0;
};

std::string Reader::NameOf(const Block& block) const {
  if (next_.name) return *next_.name;
  if (all_.name) return *all_.name;
  const std::string_view name = TextOf(block, kName);
  const std::string_view prefix = TextOf(block, kPrefix);
  // GNU's own form, "ustar  ", has other fields where POSIX has the prefix.
  const bool posix = BytesOf(block, kMagic) == std::string_view("ustar\0", 6);
  return posix && !prefix.empty() ? fmt::format("{}/{}", prefix, name) : std::string(name);
}

// Reads the content of a header that only says something about those that follow.
Status Reader::Extend(const Block& block, std::uint64_t size) {
  if (size > limits::kArchiveHeaderMax) return Damaged("a header is too large");
  std::string content(size, '\0');
  AILERON_TRY(read_(at_ + kBlock, content));
  const char type = block[kType];
  if (type == 'L' || type == 'K') {
    content.resize(std::min(content.find('\0'), content.size()));
    (type == 'L' ? next_.name : next_.link) = std::move(content);
    return {};
  }
  if (!ReadPax(content, type == 'g' ? all_ : next_)) return Damaged("a pax record is none");
  return {};
}

Result<std::optional<std::pair<std::string, ArchiveEntry>>> Reader::Next() {
  while (size_ - at_ >= kBlock) {
    Block block;
    AILERON_TRY(read_(at_, block));
    if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) return std::nullopt;
    if (!ChecksumHolds(block)) return Damaged("a header's checksum does not hold");
    if (++count_ > limits::kArchiveEntriesMax) {
      return Fail(Code::kInvalid, "{} has more than {} entries", what_, limits::kArchiveEntriesMax);
    }
    const char type = block[kType];
    const bool extends = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    auto size = NumberOf(BytesOf(block, kSize));
    if (!extends && next_.size) size = next_.size;
    if (!size || *size > size_ - at_ - kBlock) return Damaged("an entry reaches beyond the end");
    if (extends) {
      AILERON_TRY(Extend(block, *size));
      at_ += kBlock + std::min((*size + kBlock - 1) / kBlock * kBlock, size_ - at_ - kBlock);
      continue;
    }
    ArchiveEntry entry{.offset = at_ + kBlock, .size = *size};
    const std::string named = NameOf(block);
    const auto name = Normal(named);
    const std::string link = next_.link ? *next_.link : std::string(TextOf(block, kLinkName));
    const bool sparse = next_.sparse || all_.sparse || type == 'S';
    next_ = {};
    const std::string shown = Printable(BeginningOf(named, limits::kQuotedMax));
    if (named.size() > limits::kArchiveNameMax || link.size() > limits::kArchiveNameMax) {
      return Damaged("a name is too long");
    }
    if (sparse) {
      return Fail(Code::kUnsupported, "{}: \"{}\" is a sparse file; write the archive without them",
                  what_, shown);
    }
    const bool is_link = type == '1' || type == '2';
    if (is_link) entry.size = 0;
    // A name that leads out names nothing that is asked for.
    const bool is_file = type == '0' || type == '\0' || type == '7';
    at_ += kBlock + std::min((*size + kBlock - 1) / kBlock * kBlock, size_ - at_ - kBlock);
    if (!name || name->empty() || !(is_file || is_link)) continue;
    if (is_link) {
      // A symlink's target is beside it, a hard link's is a name of the archive.
      const std::size_t slash = name->rfind('/');
      const std::string beside = type == '2' && slash != std::string::npos && !link.starts_with('/')
                                     ? name->substr(0, slash + 1)
                                     : std::string();
      const auto target = Normal(beside + link);
      if (!target || target->empty()) continue;
      entry.target = *target;
    }
    return std::pair(*name, std::move(entry));
  }
  if (at_ == 0) return Damaged("it is shorter than a header");
  return std::nullopt;
}

// How a file that is compressed as a whole begins.
bool IsCompressed(std::string_view begin) {
  return CompressionOf(begin) != Compression::kNone || begin.starts_with("BZh") ||
         begin.starts_with(
             "\xfd"
             "7zXZ");
}

}  // namespace

Result<ArchiveIndex> ArchiveIndex::Read(const ReadAt& read, std::uint64_t size,
                                        std::string_view what) {
  std::array<char, 6> begin{};
  if (size >= begin.size()) AILERON_TRY(read(0, begin));
  if (IsCompressed({begin.data(), begin.size()})) {
    return Fail(Code::kUnsupported,
                "{} is compressed as a whole; unpack it first, with \"gunzip\" or the like", what);
  }
  ArchiveIndex index;
  Reader reader(read, size, what);
  while (true) {
    AILERON_ASSIGN(auto next, reader.Next());
    if (!next) return index;
    index.entries_.insert_or_assign(std::move(next->first), std::move(next->second));
  }
}

const ArchiveEntry* ArchiveIndex::Find(std::string_view name) const {
  const auto normal = Normal(name);
  if (!normal) return nullptr;
  auto found = entries_.find(*normal);
  if (found == entries_.end()) return nullptr;
  if (!found->second.target.empty()) {
    found = entries_.find(found->second.target);
    if (found == entries_.end() || !found->second.target.empty()) return nullptr;
  }
  return &found->second;
}

}  // namespace aileron::image
