#include "image/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "crypto/hash.h"
#include "os/beneath.h"
#include "os/paths.h"
#include "os/remove_tree.h"

namespace aileron::image {
namespace {

constexpr unsigned kMode = 0600;
constexpr std::string_view kLock = ".lock";
constexpr const char* kFolders[] = {"layers/sha256", "images/sha256", "images/sha512",
                                    "names",         "partial",       "tmp"};

Result<os::Fd> OpenFolderAt(const std::string& path) {
  os::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!folder) return os::FailErrno("cannot open {}", path);
  return folder;
}

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

// Of a layer that stands several times the topmost is enough: it covers all that a lower one of it
// shows. overlayfs takes a folder once.
std::vector<Digest> Topmost(const std::vector<Digest>& diff_ids) {
  std::vector<Digest> kept;
  for (std::size_t i = 0; i < diff_ids.size(); ++i) {
    const auto later = diff_ids.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::find(later, diff_ids.end(), diff_ids[i]) == diff_ids.end())
      kept.push_back(diff_ids[i]);
  }
  return kept;
}

// `id` is what the engine calls the image. Where engines call images by their manifests, an export
// cannot be compared: by a name, the engine's word is taken.
Status CheckOfEngine(const Reference& reference, std::string_view id, const Digest& got) {
  if (reference.digest && got.Text() != id && reference.digest->Text() != id) {
    return Fail(Code::kInvalid, "the engine has exported another image for {}: {}",
                reference.Text(), got.Text());
  }
  if (reference.IsEngineId() && got != *reference.digest) {
    return Fail(Code::kInvalid,
                "the engine has exported another image for {}: {}. An engine whose ids are not of "
                "configs gives images by their names",
                reference.Text(), got.Text());
  }
  return {};
}

}  // namespace

Result<Store> Store::Open(const std::string& folder, LayerUnpacker unpack) {
  AILERON_TRY(os::MakePrivateFolder(folder));
  for (const char* name : kFolders) {
    AILERON_TRY(os::MakeFolders(fmt::format("{}/{}", folder, name), 0700));
  }
  return Store(folder, std::move(unpack));
}

std::string Store::RecordPath(const Digest& digest) const {
  return fmt::format("{}/images/{}/{}.json", folder_, Name(digest.algorithm), digest.hex);
}

std::string Store::LeasePath(const Digest& digest) const {
  return fmt::format("{}/images/{}/{}{}", folder_, Name(digest.algorithm), digest.hex, kLock);
}

std::string Store::LayerPath(const Digest& diff_id) const {
  return fmt::format("{}/layers/sha256/{}", folder_, diff_id.hex);
}

std::string Store::NamePath(std::string_view reference) const {
  return fmt::format("{}/names/{}.json", folder_, HexEncode(crypto::Hash(reference)));
}

std::string Store::TemporaryPath(std::string_view name) const {
  return fmt::format("{}/tmp/{}", folder_, name);
}

Result<ImageRecord> Store::ReadImage(const Digest& digest) const {
  const std::string path = RecordPath(digest);
  AILERON_ASSIGN(const std::string text, os::ReadFile(path, limits::kRecordMax));
  AILERON_ASSIGN(ImageRecord record, ParseImageRecord(text, path));
  if (record.digest != digest) return Fail(Code::kInvalid, "{} is of another image", path);
  return record;
}

Result<NameRecord> Store::ReadName(const Reference& reference) const {
  const std::string name = reference.Text(), path = NamePath(name);
  AILERON_ASSIGN(const std::string text, os::ReadFile(path, limits::kRecordMax));
  AILERON_ASSIGN(NameRecord record, ParseNameRecord(text, path));
  if (record.reference != name) return Fail(Code::kInvalid, "{} is of another name", path);
  return record;
}

Result<LayerRecord> Store::ReadLayer(const Digest& diff_id) const {
  const std::string path = LayerPath(diff_id) + "/layer.json";
  AILERON_ASSIGN(const std::string text, os::ReadFile(path, limits::kRecordMax));
  return ParseLayerRecord(text, path);
}

// kNotFound when any of it is missing or damaged.
Result<Image> Store::Load(std::string reference, const Digest& digest) const {
  const auto record = ReadImage(digest);
  if (!record) return Fail(Code::kNotFound, "{} is not in the store", reference);
  Image image{std::move(reference), digest, record->config, {}};
  for (const Digest& diff_id : Topmost(record->config.diff_ids)) {
    const auto layer = ReadLayer(diff_id);
    if (!layer) {
      return Fail(Code::kNotFound, "{} lacks a layer in the store: {}", image.reference,
                  diff_id.Text());
    }
    if (layer->root_opaque) image.layers.clear();
    image.layers.push_back(LayerPath(diff_id) + "/fs");
  }
  return image;
}

Result<Image> Store::Find(const Reference& reference, const Platform& machine) const {
  // What an engine has once called so does not count: the id is the digest.
  if (reference.IsEngineId()) return Load(reference.Text(), *reference.digest);
  const auto name = ReadName(reference);
  // A digest means the same whoever named it first.
  if (!name && reference.IsPinned()) return Load(reference.Text(), *reference.digest);
  if (!name) return Fail(Code::kNotFound, "{} is not in the store", reference.Text());
  if (!reference.IsPinned() && IsFile(reference.transport)) {
    const auto stamp = StampOf(reference, machine);
    const bool gone = !stamp && stamp.error().code == Code::kNotFound && !Exists(reference.file);
    if (!gone && (!stamp || *stamp != name->stamp)) {
      return Fail(Code::kNotFound, "{} has changed since it was added", reference.Text());
    }
  }
  return Load(name->reference, name->digest);
}

// Which layers are not there, each once.
Result<std::vector<Digest>> Store::Missing(const Config& config) const {
  std::vector<Digest> missing;
  for (const Digest& diff_id : Topmost(config.diff_ids)) {
    if (!ReadLayer(diff_id)) missing.push_back(diff_id);
  }
  return missing;
}

// Removes what a process left in tmp/ that was killed.
Status Store::Sweep() const {
  AILERON_ASSIGN(const os::Fd temporary, OpenFolderAt(TemporaryPath("")));
  AILERON_ASSIGN(const auto names, os::ListBeneath(temporary, "."));
  std::set<std::string> stems;
  for (const std::string& name : names) {
    stems.insert(name.ends_with(kLock) ? name.substr(0, name.size() - kLock.size()) : name);
  }
  for (const std::string& stem : stems) {
    AILERON_ASSIGN(auto lock,
                   FileLock::Try(TemporaryPath(stem) + std::string(kLock), FileLock::Kind::kAlone));
    if (!lock) continue;  // it is being made
    AILERON_TRY(os::RemoveTree(temporary, stem));
    lock->Remove();
  }
  return {};
}

// Gives layers that are whole their names; their bytes are on the disk before.
Status Store::Publish(const std::vector<LayerJob>& jobs) const {
  for (const LayerJob& job : jobs) {
    const std::string made = TemporaryPath(job.layer->diff_id.hex);
    const LayerRecord record{job.result.bytes, job.result.is_root_opaque};
    AILERON_TRY(os::ReplaceFile(made + "/layer.json", Write(record), kMode));
  }
  AILERON_ASSIGN(const os::Fd layers, OpenFolderAt(folder_ + "/layers/sha256"));
  if (syncfs(layers.get()) != 0) return os::FailErrno("cannot write the layers to the disk");
  for (const LayerJob& job : jobs) {
    const std::string name = LayerPath(job.layer->diff_id);
    // What is there is damaged, or it would not have been unpacked again.
    if (Exists(name)) AILERON_TRY(os::RemoveTree(layers, job.layer->diff_id.hex));
    if (rename(TemporaryPath(job.layer->diff_id.hex).c_str(), name.c_str()) != 0) {
      return os::FailErrno("cannot give the layer {} its name", job.layer->diff_id.Text());
    }
  }
  if (fsync(layers.get()) != 0) return os::FailErrno("cannot write the layers to the disk");
  return {};
}

// Unpacks what this process has the locks of.
Status Store::Unpack(std::vector<LayerJob>& jobs, Source& source,
                     const ImageProgress& progress) const {
  AILERON_ASSIGN(const os::Fd temporary, OpenFolderAt(TemporaryPath("")));
  const auto clean = [&] {
    for (const LayerJob& job : jobs) (void)os::RemoveTree(temporary, job.layer->diff_id.hex);
  };
  for (LayerJob& job : jobs) {
    AILERON_TRY(os::RemoveTree(temporary, job.layer->diff_id.hex));
    job.folder = TemporaryPath(job.layer->diff_id.hex) + "/fs";
    if (mkdir(TemporaryPath(job.layer->diff_id.hex).c_str(), 0700) != 0) {
      auto error =
          os::FailErrno("cannot make a folder for the layer {}", job.layer->diff_id.Text());
      clean();
      return error;
    }
  }
  Status done = UnpackAll(source, jobs, unpack_, progress);
  if (done) done = Publish(jobs);
  if (!done) clean();
  return done;
}

// Until all layers are there. While it waits for another process it holds no lock that one could
// wait for.
Status Store::Provide(const Resolved& resolved, Source& source,
                      const ImageProgress& progress) const {
  while (true) {
    AILERON_ASSIGN(const std::vector<Digest> missing, Missing(resolved.config));
    if (missing.empty()) return {};
    std::vector<FileLock> held;
    std::vector<LayerJob> jobs;
    for (const Digest& diff_id : missing) {
      AILERON_ASSIGN(auto lock, FileLock::Try(TemporaryPath(diff_id.hex) + std::string(kLock),
                                              FileLock::Kind::kAlone));
      if (!lock) continue;
      // It may have come between the look and the lock.
      if (ReadLayer(diff_id)) {
        lock->Remove();
        continue;
      }
      held.push_back(std::move(*lock));
      jobs.push_back(
          {.layer = &*std::ranges::find(resolved.layers, diff_id, &SourceLayer::diff_id)});
    }
    if (jobs.empty()) {
      AILERON_ASSIGN(FileLock lock,
                     FileLock::Wait(TemporaryPath(missing.front().hex) + std::string(kLock),
                                    FileLock::Kind::kAlone, limits::kLayerWait,
                                    "another process that unpacks the same layer"));
      lock.Remove();
      continue;
    }
    const Status done = Unpack(jobs, source, progress);
    for (FileLock& lock : held) lock.Remove();
    AILERON_TRY(done);
  }
}

Result<Image> Store::Add(const Reference& reference, Source& source, const Platform& machine,
                         const ImageProgress& progress) const {
  AILERON_ASSIGN(const FileLock lock,
                 FileLock::Wait(folder_ + "/lock", FileLock::Kind::kShared, limits::kStoreWait,
                                "another process that removes images"));
  AILERON_TRY(Sweep());
  NameRecord name{.reference = reference.Text()};
  // Before the image is read: what changes meanwhile makes the next look differ.
  if (IsEngine(reference.transport)) name.stamp = source.stamp();
  if (!reference.IsPinned() && IsFile(reference.transport)) {
    AILERON_ASSIGN(name.stamp, StampOf(reference, machine));
  }
  AILERON_ASSIGN(const Resolved resolved, source.Resolve(machine));
  if (IsEngine(reference.transport)) {
    AILERON_TRY(CheckOfEngine(reference, name.stamp, resolved.digest));
  }
  name.digest = resolved.digest;
  AILERON_TRY(Provide(resolved, source, progress));
  {
    // A new image has been used now.
    AILERON_ASSIGN(const FileLock lease,
                   FileLock::Wait(LeasePath(resolved.digest), FileLock::Kind::kShared,
                                  limits::kStoreWait, "another process that removes the image"));
    (void)futimens(lease.descriptor(), nullptr);
  }
  AILERON_ASSIGN(const FileLock writing, LockNames());
  if (!ReadImage(resolved.digest)) {
    const ImageRecord record{resolved.digest, resolved.config_text, resolved.config, Now()};
    AILERON_TRY(os::ReplaceFile(RecordPath(resolved.digest), Write(record), kMode));
  }
  AILERON_TRY(os::ReplaceFile(NamePath(name.reference), Write(name), kMode));
  return Load(name.reference, resolved.digest);
}

// One at a time, threads of one process too: an unfinished file is called by its process.
Result<FileLock> Store::LockNames() const {
  return FileLock::Wait(folder_ + "/names.lock", FileLock::Kind::kAlone, limits::kStoreWait,
                        "another process that adds an image");
}

Result<std::string> Store::Stamp(const Reference& reference) const {
  AILERON_ASSIGN(NameRecord name, ReadName(reference));
  return std::move(name.stamp);
}

Result<Image> Store::AddName(const Reference& reference, const Digest& digest,
                             std::string stamp) const {
  AILERON_ASSIGN(const FileLock lock,
                 FileLock::Wait(folder_ + "/lock", FileLock::Kind::kShared, limits::kStoreWait,
                                "another process that removes images"));
  AILERON_ASSIGN(Image image, Load(reference.Text(), digest));
  AILERON_ASSIGN(const FileLock writing, LockNames());
  const NameRecord name{.reference = image.reference, .digest = digest, .stamp = std::move(stamp)};
  AILERON_TRY(os::ReplaceFile(NamePath(name.reference), Write(name), kMode));
  return image;
}

Result<Lease> Store::Use(const Image& image) const {
  auto lock = FileLock::Wait(LeasePath(image.digest), FileLock::Kind::kShared, limits::kStoreWait,
                             "another process that removes the image", FileLock::Missing::kFail);
  if (!lock && lock.error().code != Code::kNotFound) return std::unexpected(lock.error());
  // Under the lock nobody removes it any more.
  const bool there = lock && Exists(RecordPath(image.digest)) &&
                     std::ranges::all_of(image.layers, [](const auto& one) { return Exists(one); });
  if (!there) {
    return Fail(Code::kNotFound, "{} was removed from the store meanwhile", image.reference);
  }
  (void)futimens(lock->descriptor(), nullptr);
  return Lease(std::move(*lock));
}

}  // namespace aileron::image
