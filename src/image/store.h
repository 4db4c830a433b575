// Store: the images of this user, unpacked once and shared by all sandboxes.
//
//   FOLDER/                         0700
//     lock                          shared by who adds, alone by who removes
//     layers/sha256/HEX/fs/         a layer by its diff id, the lower folder of a mount
//                      /layer.json  how large it is (image_record.h)
//     images/ALGORITHM/HEX.json     an image by the digest of its manifest
//                      /HEX.lock    shared by who runs it; its time is when it was used last
//     names/HEX.json                what a reference means, by the SHA-256 of its text
//     names.lock                    alone by who writes an image or a name
//     partial/                      blobs of which a part has come
//     tmp/                          what is being made or removed; STEM.lock says that it is
//
// Several processes may use it at once. A layer is unpacked by one of them, while the others wait
// and then find it. Everything gets its name when it is whole, and a layer's bytes are on the disk
// before it has its name: a process that is killed, a full disk and a power cut leave a store in
// which what is there is right, and tmp/ has what the next one removes.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "image/config.h"
#include "image/digest.h"
#include "image/file_lock.h"
#include "image/image_record.h"
#include "image/layer_work.h"
#include "image/limits.h"
#include "image/reference.h"
#include "image/source.h"

namespace aileron::image {

struct Image {
  std::string reference;  // normalised
  Digest digest;          // of its manifest
  Config config;
  // Absolute folders, lowest first, for an overlay mount. A folder stands once, and what another
  // one hides as a whole is left out.
  std::vector<std::string> layers;
};

// Keeps an image from being removed, as long as this or a copy of its descriptor is open.
class Lease {
 public:
  explicit Lease(FileLock lock) : lock_(std::move(lock)) {}
  int descriptor() const { return lock_.descriptor(); }

 private:
  FileLock lock_;
};

// One line of a list.
struct StoredImage {
  Digest digest;
  std::vector<std::string> names;  // references that mean it
  std::uint64_t bytes = 0;         // of its layers' files, those that others share too
  std::size_t layers = 0;
  Time added{}, used{};
  bool in_use = false;
};

struct Collected {
  std::vector<Digest> images;  // that were removed
  std::size_t layers = 0;
  std::uint64_t bytes = 0;  // of these layers' files
};

// What may stay: images used within `unused_for`, and of those so many that all layers together
// have at most `bytes`; the ones used longest ago go first.
struct Bounds {
  std::uint64_t bytes = limits::kStoreSize;
  Duration unused_for = limits::kUnusedFor;
};

class Store {
 public:
  // Makes what is missing. kDenied for a folder of somebody else's.
  static Result<Store> Open(const std::string& folder, LayerUnpacker unpack);

  // The image that a reference means, if all of it is there; of an engine, what it meant at last
  // (see Stamp). No source is read, but for what tells that a local one is still the same; one that
  // is gone means what it meant. kNotFound otherwise.
  Result<Image> Find(const Reference& reference, const Platform& machine) const;

  // What an engine's image was called by its engine when the name was added. kNotFound: it was not.
  Result<std::string> Stamp(const Reference& reference) const;
  // A name for an image that is there. kNotFound when it is not.
  Result<Image> AddName(const Reference& reference, const Digest& digest, std::string stamp) const;

  // Reads an image from its source into the store; what of it is there already is not read again.
  // kInvalid names the blob that is not what was promised; kUnavailable for a full disk, or when
  // another process holds what is needed for longer than limits.h has it.
  Result<Image> Add(const Reference& reference, Source& source, const Platform& machine,
                    const ImageProgress& progress = {}) const;

  // The image is used from now on. kNotFound when it was removed meanwhile: add it again.
  Result<Lease> Use(const Image& image) const;

  // By the time of last use, the latest first. Damaged records are left out.
  Result<std::vector<StoredImage>> List() const;

  // Removes a name and, when no other means it, its image; or the image of a digest, or of at least
  // limits::kDigestPrefixMin of its digits, with all names. kUnavailable while a sandbox runs it.
  Result<Collected> Remove(std::string_view name) const;

  // Removes what `bounds` does not let stay and nobody uses, and all that belongs to no image.
  Result<Collected> Collect(const Bounds& bounds, Time now) const;

  const std::string& folder() const { return folder_; }
  // Where a source may keep parts of blobs, named as it likes and locked by flock(2) while they are
  // in use. They are collected, too.
  std::string PartialFolder() const { return folder_ + "/partial"; }

 private:
  struct Known {
    StoredImage listed;
    std::vector<Digest> diff_ids;
    std::optional<FileLock> alone;  // while it is decided whether it goes
  };
  struct Scope;

  Store(std::string folder, LayerUnpacker unpack)
      : folder_(std::move(folder)), unpack_(std::move(unpack)) {}

  std::string RecordPath(const Digest& digest) const;
  std::string LeasePath(const Digest& digest) const;
  std::string LayerPath(const Digest& diff_id) const;
  std::string NamePath(std::string_view reference) const;
  std::string TemporaryPath(std::string_view name) const;

  Result<ImageRecord> ReadImage(const Digest& digest) const;
  Result<NameRecord> ReadName(const Reference& reference) const;
  Result<LayerRecord> ReadLayer(const Digest& diff_id) const;
  Result<Image> Load(std::string reference, const Digest& digest) const;

  Result<FileLock> LockNames() const;
  Result<std::vector<Digest>> Missing(const Config& config) const;
  Status Provide(const Resolved& resolved, Source& source, const ImageProgress& progress) const;
  Status Unpack(std::vector<LayerJob>& jobs, Source& source, const ImageProgress& progress) const;
  Status Publish(const std::vector<LayerJob>& jobs) const;
  Status Sweep() const;
  Status DropPartial(Duration unused_for, Time now) const;

  Result<FileLock> LockForRemoval() const;
  Result<std::vector<Known>> Survey() const;
  Result<std::vector<NameRecord>> Names() const;
  Status Forget(Known& image, Collected& collected) const;
  Status DropLayers(const std::set<std::string>& kept, Collected& collected) const;

  std::string folder_;
  LayerUnpacker unpack_;
};

}  // namespace aileron::image
