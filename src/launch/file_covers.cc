#include "launch/file_covers.h"

#include <algorithm>
#include <array>

#include "base/below.h"
#include "launch/plan.h"

namespace aileron::launch {

using sandbox::Access;
using sandbox::Cover;
using sandbox::CoverKind;

namespace {

// Of the host nothing is seen in these.
constexpr std::array<std::string_view, 8> kEmptyFolders = {"/tmp",  "/var/tmp", "/run",  "/home",
                                                           "/root", "/dev",     "/proc", "/sys"};

int Strictness(CoverKind kind) {
  switch (kind) {
    case CoverKind::kHidden:
      return 3;
    case CoverKind::kReadOnly:
      return 2;
    case CoverKind::kWritable:
      return 1;
    default:
      return 0;
  }
}

// What of `path` is below `folder`, which is it or above it.
std::string Below(std::string_view path, std::string_view folder) {
  if (path == folder) return {};
  return std::string(path.substr(folder == "/" ? 1 : folder.size() + 1));
}

std::string Join(std::string_view folder, std::string_view below) {
  if (below.empty()) return std::string(folder);
  return fmt::format("{}/{}", folder == "/" ? "" : folder, below);
}

}  // namespace

FileCovers::FileCovers(const sandbox::Spec& spec) {
  trees_.push_back({spec.of_image() ? "" : "/", "/"});
  for (const std::string_view folder : kEmptyFolders) trees_.push_back({"", std::string(folder)});
  for (const std::string& folder : spec.hidden) trees_.push_back({"", folder});
  for (const sandbox::SharedTree& tree : sandbox::SharedTrees(spec))
    trees_.push_back({tree.source, tree.target, tree.access});
  PinMounts();
}

// The one that is seen there, of the first `trees`: what was put up last hides what it stands over.
const FileCovers::Tree& FileCovers::TreeAt(std::string_view inside, std::size_t trees) const {
  for (std::size_t i = trees; i-- > 1;) {
    if (IsOrBelow(inside, trees_[i].target)) return trees_[i];
  }
  return trees_.front();
}

std::vector<FileCovers::Place> FileCovers::PlacesOf(std::string_view path) const {
  std::vector<Place> places;
  for (const Tree& tree : trees_) {
    if (tree.source.empty() || !IsOrBelow(path, tree.source)) continue;
    Place place{&tree, Below(path, tree.source)};
    const bool seen = &TreeAt(Join(tree.target, place.below), trees_.size()) == &tree;
    if (seen) places.push_back(std::move(place));
  }
  return places;
}

bool FileCovers::ShowsOfRoot(std::string_view path) const {
  return !trees_.front().source.empty() && &TreeAt(path, trees_.size()) == &trees_.front();
}

bool FileCovers::Shows(std::string_view path, std::string_view target, Access access) const {
  const Tree& tree = TreeAt(target, trees_.size());
  return !tree.source.empty() && tree.access == access &&
         Join(tree.source, Below(target, tree.target)) == path;
}

void FileCovers::Put(const Place& place, CoverKind kind) {
  const std::string& target = place.tree->target;
  Cover cover{target, place.below, kind, {}};
  if (place.below.empty()) {
    const std::size_t slash = target.rfind('/');
    cover.root = slash == 0 ? "/" : target.substr(0, slash);
    cover.path = target.substr(slash + 1);
  }
  const auto [at, fresh] = covers_.emplace(Join(target, place.below), cover);
  if (!fresh && Strictness(kind) > Strictness(at->second.kind)) at->second = std::move(cover);
}

void FileCovers::PinAbove(const Place& place) {
  if (place.tree->access == Access::kReadOnly) return;
  for (std::size_t slash = place.below.find('/'); slash != std::string::npos;
       slash = place.below.find('/', slash + 1)) {
    Put({place.tree, place.below.substr(0, slash)}, CoverKind::kPin);
  }
}

// A mount of a folder over itself, in another one that can be written.
void FileCovers::PinMounts() {
  for (std::size_t i = 1; i < trees_.size(); ++i) {
    const Tree& mount = trees_[i];
    if (mount.source.empty()) continue;
    const Tree& around = TreeAt(mount.target, i);
    if (around.source.empty()) continue;
    const Place place{&around, Below(mount.target, around.target)};
    if (Join(around.source, place.below) == mount.source) PinAbove(place);
  }
}

void FileCovers::Hide(std::string_view path) {
  for (const Place& place : PlacesOf(path)) {
    PinAbove(place);
    Put(place, CoverKind::kHidden);
  }
}

void FileCovers::Close(std::string_view path) {
  for (const Place& place : PlacesOf(path)) {
    if (place.tree->access == Access::kReadOnly) continue;
    PinAbove(place);
    Put(place, CoverKind::kReadOnly);
  }
}

void FileCovers::Open(std::string_view path) {
  for (const Place& place : PlacesOf(path)) {
    if (place.tree->access == Access::kReadWrite && place.tree->source == place.tree->target)
      Put(place, CoverKind::kWritable);
  }
}

std::vector<Cover> FileCovers::Take() const {
  std::vector<Cover> covers;
  std::vector<std::string_view> hidden;
  for (const auto& [path, cover] : covers_) {
    // Nothing of what is in a hidden folder is there to be covered.
    const bool gone = std::ranges::any_of(
        hidden, [&](std::string_view folder) { return IsOrBelow(path, folder); });
    if (gone) continue;
    if (cover.kind == CoverKind::kHidden) hidden.push_back(path);
    covers.push_back(cover);
  }
  return covers;
}

}  // namespace aileron::launch
