// UnpackLayer: a layer of an image (OCI image-spec, layer.md) becomes a folder that may be a lower
// folder of an overlay mount with "userxattr".
//
// A layer is a tar, plain or compressed by gzip or zstd, which its first bytes tell. It is a
// stranger's: whatever it says, nothing outside of the folder is made or changed, and every bound
// of LayerLimits holds.
//
//   whiteouts            become character devices 0:0 and the attribute user.overlay.opaque
//   hard links           to earlier entries of the same layer; refused to anything else
//   symlinks             as they are, and followed only as folders of later entries, in the root
//   modes and times      kept, setuid too: the mount is nosuid. Access time is modification time
//   user.* attributes    kept, but user.overlay.*, which are the mount's own
//   sparse files         stay sparse
//   owners               flattened: everything belongs to whom the process runs as; counted
//   devices              not made; counted. FIFOs are made
//   other attributes     (security.capability, trusted.*, ACLs) left out; counted
//
// A layer unpacks in constant memory, but for its folders' and whiteouts' names. Layers may be
// unpacked at once by several threads.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "crypto/hash.h"
#include "image/layer_limits.h"
#include "image/layer_stream.h"

namespace aileron::image {

struct LayerCounts {
  std::uint64_t entries = 0;
  std::uint64_t files = 0, folders = 0, symlinks = 0, hard_links = 0, fifos = 0;
  std::uint64_t whiteouts = 0, opaque = 0;
  std::uint64_t assumed_folders = 0;  // that no entry told of: made with mode 0755
  // What was left out or changed.
  std::uint64_t devices = 0;
  std::uint64_t attributes = 0;      // and access control lists
  std::uint64_t foreign_owners = 0;  // entries of another owner than root
  std::uint64_t aufs = 0;            // entries of AUFS's own
};

struct Unpacked {
  // For the caller to compare: with the descriptor's digest, and the config's rootfs.diff_ids.
  crypto::Digest digest;
  crypto::Digest diff_id;
  std::uint64_t compressed_bytes = 0;
  std::uint64_t tar_bytes = 0;
  std::uint64_t file_bytes = 0;  // sizes of the files, holes counted
  // The layer hides all that is below it, which overlayfs does not do for a root: mount nothing
  // below it.
  bool is_root_opaque = false;
  LayerCounts counts;
};

// Makes `folder`, which must not exist, and unpacks into it. When that fails the folder is removed;
// a process that is killed leaves it, so it is a temporary one, and the store gives it its name.
// Nothing is flushed to the disk. Blocks as long as the descriptor and the disk do.
//
// Errors name the layer and the entry: kInvalid for a layer that is damaged, cut, hostile or beyond
// a bound; kUnsupported for a hard link into another layer; kUnavailable for a full disk; what
// `progress` returned.
Result<Unpacked> UnpackLayer(const LayerSource& source, const std::string& folder,
                             const LayerLimits& limits = {}, const Progress& progress = {});

}  // namespace aileron::image
