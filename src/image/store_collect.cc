// What the store lists, and what it removes.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>

#include "base/text.h"
#include "image/store.h"
#include "os/beneath.h"
#include "os/remove_tree.h"

namespace aileron::image {
namespace {

constexpr std::string_view kRecord = ".json";
constexpr std::string_view kLease = ".lock";
constexpr std::string_view kUnfinished = ".new";  // of os::ReplaceFile, cut off

Result<std::vector<std::string>> NamesIn(const std::string& path) {
  const os::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!folder) return os::FailErrno("cannot open {}", path);
  return os::ListBeneath(folder, ".");
}

Time TimeOf(const timespec& time) {
  return Time(std::chrono::seconds(time.tv_sec) +
              std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace

Result<std::vector<NameRecord>> Store::Names() const {
  std::vector<NameRecord> names;
  const std::string folder = folder_ + "/names";
  AILERON_ASSIGN(const auto files, NamesIn(folder));
  for (const std::string& file : files) {
    if (!file.ends_with(kRecord)) continue;
    const std::string path = fmt::format("{}/{}", folder, file);
    const auto text = os::ReadFile(path, limits::kRecordMax);
    if (!text) continue;
    auto name = ParseNameRecord(*text, path);
    if (name && NamePath(name->reference) == path) names.push_back(std::move(*name));
  }
  return names;
}

Result<std::vector<Store::Known>> Store::Survey() const {
  std::vector<Known> images;
  AILERON_ASSIGN(const auto names, Names());
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    AILERON_ASSIGN(const auto files,
                   NamesIn(fmt::format("{}/images/{}", folder_, Name(algorithm))));
    for (const std::string& file : files) {
      if (!file.ends_with(kRecord)) continue;
      const auto digest = ParseDigest(
          fmt::format("{}:{}", Name(algorithm), file.substr(0, file.size() - kRecord.size())));
      if (!digest) continue;
      Known known{.listed = {.digest = *digest}};
      struct stat info;
      if (stat(LeasePath(*digest).c_str(), &info) == 0) known.listed.used = TimeOf(info.st_mtim);
      for (const NameRecord& name : names) {
        if (name.digest == *digest) known.listed.names.push_back(name.reference);
      }
      // A damaged record is an image without layers: listed to nobody, and collected.
      if (const auto record = ReadImage(*digest)) {
        known.diff_ids = record->config.diff_ids;
        known.listed.added = record->added;
        known.listed.layers = known.diff_ids.size();
        const std::set<Digest> once(known.diff_ids.begin(), known.diff_ids.end());
        for (const Digest& diff_id : once) {
          if (const auto layer = ReadLayer(diff_id)) known.listed.bytes += layer->bytes;
        }
      }
      images.push_back(std::move(known));
    }
  }
  std::ranges::sort(images, std::greater<>(), [](const Known& one) { return one.listed.used; });
  return images;
}

Result<std::vector<StoredImage>> Store::List() const {
  AILERON_ASSIGN(auto images, Survey());
  std::vector<StoredImage> listed;
  for (Known& image : images) {
    if (image.diff_ids.empty()) continue;
    const auto lock = FileLock::Try(LeasePath(image.listed.digest), FileLock::Kind::kAlone,
                                    FileLock::Missing::kFail);
    image.listed.in_use = lock.has_value() && !lock->has_value();
    listed.push_back(std::move(image.listed));
  }
  return listed;
}

Result<FileLock> Store::LockForRemoval() const {
  return FileLock::Wait(folder_ + "/lock", FileLock::Kind::kAlone, limits::kStoreWait,
                        "another process that adds an image");
}

// The record goes first: what is left after a kill belongs to no image, and goes the next time.
Status Store::Forget(Known& image, Collected& collected) const {
  const Digest& digest = image.listed.digest;
  if (unlink(RecordPath(digest).c_str()) != 0 && errno != ENOENT) {
    return os::FailErrno("cannot remove the image {}", digest.Text());
  }
  for (const std::string& name : image.listed.names) unlink(NamePath(name).c_str());
  if (image.alone) image.alone->Remove();
  collected.images.push_back(digest);
  return {};
}

// Moves every layer away that is not `kept`, so that it has no name, and removes files that were
// never finished. What was moved is removed by Sweep, when the store is free for others again.
Status Store::DropLayers(const std::set<std::string>& kept, Collected& collected) const {
  const std::string folder = folder_ + "/layers/sha256";
  AILERON_ASSIGN(const auto layers, NamesIn(folder));
  for (const std::string& hex : layers) {
    if (kept.contains(hex)) continue;
    if (const auto record = ReadLayer({Algorithm::kSha256, hex})) collected.bytes += record->bytes;
    const std::string gone = TemporaryPath(fmt::format("removed-{}-{}", getpid(), hex));
    if (rename(fmt::format("{}/{}", folder, hex).c_str(), gone.c_str()) != 0) {
      return os::FailErrno("cannot remove the layer {}", hex);
    }
    ++collected.layers;
  }
  for (const char* place : {"names", "images/sha256", "images/sha512"}) {
    const std::string path = fmt::format("{}/{}", folder_, place);
    AILERON_ASSIGN(const auto files, NamesIn(path));
    for (const std::string& file : files) {
      if (file.ends_with(kUnfinished)) unlink(fmt::format("{}/{}", path, file).c_str());
      if (!file.ends_with(kLease)) continue;
      const std::string stem =
          fmt::format("{}/{}", path, file.substr(0, file.size() - kLease.size()));
      struct stat info;
      if (lstat((stem + std::string(kRecord)).c_str(), &info) == 0) continue;
      auto lease = FileLock::Try(stem + std::string(kLease), FileLock::Kind::kAlone);
      if (lease && *lease) (*lease)->Remove();
    }
  }
  return {};
}

namespace {

// Of the layers that images have, how large they are together.
std::uint64_t BytesOf(const std::map<std::string, std::uint64_t>& layers) {
  std::uint64_t bytes = 0;
  for (const auto& [hex, size] : layers) bytes += size;
  return bytes;
}

}  // namespace

// Parts of blobs that nobody went on with.
Status Store::DropPartial(Duration unused_for, Time now) const {
  AILERON_ASSIGN(const auto names, NamesIn(PartialFolder()));
  for (const std::string& name : names) {
    const std::string path = fmt::format("{}/{}", PartialFolder(), name);
    const os::Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info;
    if (!file || fstat(file.get(), &info) != 0 || now - TimeOf(info.st_mtim) <= unused_for)
      continue;
    if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) (void)unlink(path.c_str());
  }
  return {};
}

Result<Collected> Store::Collect(const Bounds& bounds, Time now) const {
  Collected collected;
  {
    AILERON_ASSIGN(const FileLock lock, LockForRemoval());
    AILERON_ASSIGN(auto images, Survey());
    std::map<std::string, std::uint64_t> layers;  // of what stays
    // The latest used first: each stays if there is room, and whatever is in use.
    for (Known& image : images) {
      AILERON_ASSIGN(image.alone,
                     FileLock::Try(LeasePath(image.listed.digest), FileLock::Kind::kAlone));
      auto with = layers;
      for (const Digest& diff_id : image.diff_ids) {
        const auto layer = ReadLayer(diff_id);
        with[diff_id.hex] = layer ? layer->bytes : 0;
      }
      const bool fits = BytesOf(with) <= bounds.bytes;
      const bool recent = now - image.listed.used <= bounds.unused_for;
      if (!image.alone || (fits && recent && !image.diff_ids.empty())) {
        layers = std::move(with);
        image.alone.reset();
      } else {
        AILERON_TRY(Forget(image, collected));
      }
    }
    std::set<std::string> kept;
    for (const auto& [hex, size] : layers) kept.insert(hex);
    AILERON_TRY(DropLayers(kept, collected));
  }
  AILERON_TRY(Sweep());
  AILERON_TRY(DropPartial(std::min<Duration>(bounds.unused_for, limits::kPartialKept), now));
  return collected;
}

Result<Collected> Store::Remove(std::string_view name) const {
  Collected collected;
  {
    AILERON_ASSIGN(const FileLock lock, LockForRemoval());
    AILERON_ASSIGN(auto images, Survey());
    const auto is_meant = [&](const Known& one) {
      const std::string text = one.listed.digest.Text();
      const std::size_t digits = name.size() - std::min(name.size(), name.find(':') + 1);
      return std::ranges::find(one.listed.names, name) != one.listed.names.end() ||
             (digits >= limits::kDigestPrefixMin &&
              (text.starts_with(name) || one.listed.digest.hex.starts_with(name)));
    };
    if (std::ranges::count_if(images, is_meant) > 1) {
      return Fail(Code::kInvalid, "several images begin with {}; write more of the digest",
                  Printable(name));
    }
    const auto meant = std::ranges::find_if(images, is_meant);
    if (meant == images.end()) {
      return Fail(Code::kNotFound, "there is no image {} in the store", Printable(name));
    }
    std::vector<std::string>& names = meant->listed.names;
    const auto by_name = std::ranges::find(names, name);
    if (by_name != names.end() && names.size() > 1) {
      if (unlink(NamePath(name).c_str()) != 0) {
        return os::FailErrno("cannot remove the name {}", Printable(name));
      }
      return collected;
    }
    AILERON_ASSIGN(meant->alone,
                   FileLock::Try(LeasePath(meant->listed.digest), FileLock::Kind::kAlone));
    if (!meant->alone) {
      return Fail(Code::kUnavailable, "{} is in use by a sandbox; stop its session first",
                  Printable(name));
    }
    AILERON_TRY(Forget(*meant, collected));
    std::set<std::string> kept;
    for (const Known& image : images) {
      if (&image == &*meant) continue;
      for (const Digest& diff_id : image.diff_ids) kept.insert(diff_id.hex);
    }
    AILERON_TRY(DropLayers(kept, collected));
  }
  AILERON_TRY(Sweep());
  return collected;
}

}  // namespace aileron::image
