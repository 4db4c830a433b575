#include "build/stat_cache.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "build/limits.h"
#include "os/fd.h"

namespace aileron::build {
namespace {

constexpr std::string_view kMagic = "aileron stat cache 1\n";
constexpr unsigned kMode = 0600;

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

StatCache::Record StatCache::Record::Of(const struct stat& info) {
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = static_cast<std::uint64_t>(info.st_size),
          .modified = Nanoseconds(info.st_mtim),
          .changed = Nanoseconds(info.st_ctim),
          .digest = {}};
}

StatCache::StatCache(std::string path) : path_(std::move(path)) {
  static_assert(std::has_unique_object_representations_v<Record>);
  const auto text = os::ReadFile(path_, limits::kStatCacheMax);
  const std::size_t frame = kMagic.size() + sizeof(crypto::Digest);
  if (!text || text->size() < frame || (text->size() - frame) % sizeof(Record) != 0) return;
  const std::string_view body =
      std::string_view(*text).substr(0, text->size() - sizeof(crypto::Digest));
  if (!body.starts_with(kMagic) ||
      crypto::AsText(crypto::Hash(body)) != std::string_view(*text).substr(body.size())) {
    return;
  }
  known_.resize((text->size() - frame) / sizeof(Record));
  if (known_.empty()) return;
  std::memcpy(known_.data(), body.data() + kMagic.size(), known_.size() * sizeof(Record));
}

std::optional<crypto::Digest> StatCache::Find(const struct stat& info) const {
  const Record wanted = Record::Of(info);
  const auto found = std::ranges::lower_bound(known_, wanted);
  if (found == known_.end()) return std::nullopt;
  Record same = *found;
  same.digest = {};
  return same == wanted ? std::optional(found->digest) : std::nullopt;
}

void StatCache::Add(const struct stat& info, const crypto::Digest& digest, Time now) {
  Record record = Record::Of(info);
  const Time changed{
      std::chrono::duration_cast<Time::duration>(std::chrono::nanoseconds(record.changed))};
  if (changed > now - limits::kSettled) return;
  record.digest = digest;
  kept_.push_back(record);
}

std::string StatCache::Text(std::vector<Record> records) {
  std::ranges::sort(records);
  const auto [first, last] = std::ranges::unique(records);
  records.erase(first, last);
  std::string text(kMagic);
  text.append(reinterpret_cast<const char*>(records.data()), records.size() * sizeof(Record));
  const crypto::Digest digest = crypto::Hash(text);
  text += crypto::AsText(digest);
  return text;
}

Status StatCache::Save() const {
  const std::string text = Text(kept_);
  if (text == Text(known_) || text.size() > limits::kStatCacheMax) return {};
  return os::ReplaceFile(path_, text, kMode);
}

}  // namespace aileron::build
