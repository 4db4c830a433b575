#include "image/unpack.h"

#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/text.h"
#include "image/layer_folder.h"
#include "image/layer_path.h"
#include "image/tar_reader.h"
#include "os/remove_tree.h"

namespace aileron::image {

namespace {

constexpr std::string_view kKeptAttributes = "user.";
constexpr std::string_view kOverlayAttributes = "user.overlay.";

Status WriteAt(const os::Fd& file, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == ENOSPC || errno == EDQUOT))
      return Fail(Code::kUnavailable, "the disk is full; make room on it and try again");
    if (count < 0) return os::FailErrno("cannot write it");
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

// Unpacks one layer.
class Unpacking {
 public:
  Unpacking(const LayerSource& source, LayerFolder folder, const LayerLimits& limits,
            const Progress& progress)
      : limits_(limits),
        stream_(source, limits, progress),
        reader_(stream_, limits),
        folder_(std::move(folder)) {}

  Result<Unpacked> Run();

 private:
  Status Add(TarEntry& entry);
  Status AddEntry(const std::string& path, TarEntry& entry);
  Status AddFile(const std::string& path, const TarEntry& entry);
  void LeaveOut(TarEntry& entry);

  const LayerLimits& limits_;
  LayerStream stream_;
  TarReader reader_;
  LayerFolder folder_;
  Unpacked result_;
};

Result<Unpacked> Unpacking::Run() {
  std::string before;  // the entry that was unpacked last
  while (true) {
    auto entry = reader_.Next();
    if (!entry) {
      if (before.empty()) return std::unexpected(std::move(entry).error());
      return Wrap(std::move(entry).error(), "behind the entry {}", Printable(before));
    }
    if (!*entry) break;
    if (auto added = Add(**entry); !added)
      return Wrap(std::move(added).error(), "the entry {}", Printable((*entry)->path));
    before = std::move((*entry)->path);
  }
  AILERON_TRY(folder_.Finish());
  const LayerStream::Totals totals = stream_.Finish();
  result_.digest = totals.digest;
  result_.diff_id = totals.diff_id;
  result_.compressed_bytes = totals.compressed_bytes;
  result_.tar_bytes = totals.tar_bytes;
  result_.is_root_opaque = folder_.is_root_opaque();
  result_.counts.assumed_folders = folder_.assumed_folders();
  return result_;
}

Status Unpacking::Add(TarEntry& entry) {
  LayerCounts& counts = result_.counts;
  if (++counts.entries > limits_.entries) {
    return Fail(Code::kInvalid, "is one more than the {} that a layer may have", limits_.entries);
  }
  AILERON_ASSIGN(const LayerPath path, ParseLayerPath(entry.path, limits_));
  switch (path.kind) {
    case LayerPath::Kind::kEntry:
      LeaveOut(entry);
      return AddEntry(path.path, entry);
    case LayerPath::Kind::kWhiteout:
      ++counts.whiteouts;
      return folder_.AddWhiteout(path.path);
    case LayerPath::Kind::kOpaque:
      ++counts.opaque;
      return folder_.AddOpaque(path.path);
    case LayerPath::Kind::kLeftOut:
      ++counts.aufs;
      break;
  }
  return {};
}

// What the folder will not have of an entry. The kernel takes user.* of files and folders alone.
void Unpacking::LeaveOut(TarEntry& entry) {
  LayerCounts& counts = result_.counts;
  if (entry.foreign_owner) ++counts.foreign_owners;
  const bool may_have =
      entry.type == TarEntry::Type::kFile || entry.type == TarEntry::Type::kFolder;
  if (entry.has_acl) ++counts.attributes;
  counts.attributes += std::erase_if(entry.xattrs, [&](const auto& attribute) {
    return !may_have || !attribute.first.starts_with(kKeptAttributes) ||
           attribute.first.starts_with(kOverlayAttributes);
  });
}

Status Unpacking::AddEntry(const std::string& path, TarEntry& entry) {
  LayerCounts& counts = result_.counts;
  switch (entry.type) {
    case TarEntry::Type::kFile:
      ++counts.files;
      return AddFile(path, entry);
    case TarEntry::Type::kFolder:
      ++counts.folders;
      return folder_.AddFolder(path, entry.mode, entry.mtime, entry.xattrs);
    case TarEntry::Type::kSymlink:
      ++counts.symlinks;
      return folder_.AddSymlink(path, entry.target, entry.mtime);
    case TarEntry::Type::kHardLink: {
      ++counts.hard_links;
      AILERON_ASSIGN(const std::string target, ParseLayerTarget(entry.target, limits_));
      return folder_.AddHardLink(path, target);
    }
    case TarEntry::Type::kFifo:
      ++counts.fifos;
      return folder_.AddFifo(path, entry.mode, entry.mtime);
    case TarEntry::Type::kDevice:
      ++counts.devices;
      break;
  }
  return {};
}

Status Unpacking::AddFile(const std::string& path, const TarEntry& entry) {
  if (entry.size > limits_.bytes - result_.file_bytes) {
    return Fail(Code::kInvalid, "makes the layer's files larger than {} bytes", limits_.bytes);
  }
  result_.file_bytes += entry.size;
  AILERON_ASSIGN(const os::Fd file, folder_.AddFile(path));
  std::uint64_t end = 0;
  while (true) {
    AILERON_ASSIGN(const std::optional<TarBlock> block, reader_.NextBlock());
    if (!block) break;
    AILERON_TRY(WriteAt(file, block->offset, block->bytes));
    end = block->offset + block->bytes.size();
  }
  // A hole at the end.
  if (end < entry.size && ftruncate(file.get(), static_cast<off_t>(entry.size)) != 0)
    return os::FailErrno("cannot make it {} bytes long", entry.size);
  return folder_.FinishFile(file, entry.mode, entry.mtime, entry.xattrs);
}

}  // namespace

Result<Unpacked> UnpackLayer(const LayerSource& source, const std::string& folder,
                             const LayerLimits& limits, const Progress& progress) {
  AILERON_ASSIGN(LayerFolder made, LayerFolder::Make(folder, limits));
  auto unpacked = Unpacking(source, std::move(made), limits, progress).Run();
  if (unpacked) return unpacked;
  (void)os::RemoveTree(folder);  // what failed first is what to tell
  return Wrap(std::move(unpacked).error(), "cannot unpack the layer {}", source.name);
}

}  // namespace aileron::image
