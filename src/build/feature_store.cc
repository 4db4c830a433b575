#include "build/feature_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "build/fields.h"
#include "build/limits.h"
#include "image/file_lock.h"
#include "image/unpack.h"
#include "os/paths.h"
#include "os/remove_tree.h"

namespace aileron::build {
namespace {

using image::Digest;
using image::FileLock;

constexpr unsigned kMode = 0600;

image::LayerLimits Bounds() {
  return {.entries = limits::kFeatureEntries,
          .bytes = limits::kFeatureBytesMax,
          .ratio_from = limits::kFeatureRatioFrom};
}

bool IsFolder(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string RecordOf(const FeatureName& name) {
  FieldHash hash;
  hash.Add(name.kind == FeatureName::Kind::kArtifact ? name.reference.Text() : name.written);
  return hash.Finish();
}

}  // namespace

Result<FeatureStore> FeatureStore::Open(const std::string& path) {
  for (const char* folder : {"", "/names", "/content"}) {
    AILERON_TRY(os::MakePrivateFolder(path + folder));
  }
  return FeatureStore(path);
}

std::string FeatureStore::In(std::string_view name) const {
  return fmt::format("{}/{}", path_, name);
}
std::string FeatureStore::ContentOf(const Digest& archive) const {
  return In("content/" + archive.hex);
}

Result<FetchedFeature> FeatureStore::Find(const FeatureName& name) const {
  const auto text = os::ReadFile(In("names/" + RecordOf(name)), limits::kFeatureRecordMax);
  const auto none = [&] {
    return Fail(Code::kNotFound, "{} has not been fetched", Printable(name.written));
  };
  if (!text && text.error().code != Code::kNotFound) return std::unexpected(text.error());
  if (!text) return none();
  const std::vector<std::string_view> words = Split(Trim(*text), ' ');
  if (words.size() != 2) return none();
  const auto digest = image::ParseDigest(words[0]), archive = image::ParseDigest(words[1]);
  if (!digest || !archive || !IsFolder(ContentOf(*archive))) return none();
  // By a digest it is what that says, whatever was written down.
  if (name.reference.digest && *name.reference.digest != *digest) return none();
  return FetchedFeature{.digest = digest->Text(), .folder = ContentOf(*archive)};
}

Status FeatureStore::Remember(const FeatureName& name, const std::string& digest,
                              const Digest& archive) const {
  return os::ReplaceFile(In("names/" + RecordOf(name)),
                         fmt::format("{} {}\n", digest, archive.Text()), kMode);
}

Result<FetchedFeature> FeatureStore::AddName(const FeatureName& name, const std::string& digest,
                                             const Digest& archive) const {
  if (!IsFolder(ContentOf(archive))) {
    return Fail(Code::kNotFound, "{} is not there", archive.Text());
  }
  AILERON_TRY(Remember(name, digest, archive));
  return FetchedFeature{.digest = digest, .folder = ContentOf(archive)};
}

Result<FetchedFeature> FeatureStore::Add(const FeatureName& name, const std::string& digest,
                                         const image::Blob& archive,
                                         const std::optional<Digest>& promised) const {
  AILERON_ASSIGN(const FileLock lock,
                 FileLock::Wait(In("lock"), FileLock::Kind::kAlone, limits::kOtherFetch,
                                "another process that fetches features"));
  const std::string fresh = In("content/new");
  AILERON_TRY(os::RemoveTree(fresh));  // of one that was killed
  const std::string shown = Printable(name.written);
  auto unpacked = image::UnpackLayer(
      {.descriptor = archive.file, .name = shown, .size = archive.size}, fresh, Bounds());
  // Why its bytes ended early is known where they come from.
  if (archive.feed != nullptr) {
    if (Status fed = archive.feed->Finish(); !fed) {
      if (unpacked) AILERON_TRY(os::RemoveTree(fresh));
      return std::unexpected(std::move(fed.error()));
    }
    archive.feed->Forget();
  }
  if (!unpacked) return std::unexpected(std::move(unpacked.error()));
  const Digest got{image::Algorithm::kSha256, HexEncode(unpacked->digest)};
  if (promised && got != *promised) {
    AILERON_TRY(os::RemoveTree(fresh));
    return image::FailLying(shown, *promised, got);
  }
  const std::string content = ContentOf(got);
  AILERON_TRY(os::RemoveTree(content));  // which may be damaged
  if (rename(fresh.c_str(), content.c_str()) != 0) return os::FailErrno("cannot make {}", content);
  const std::string meant = digest.empty() ? got.Text() : digest;
  AILERON_TRY(Remember(name, meant, got));
  return FetchedFeature{.digest = meant, .folder = content};
}

Status FeatureStore::Clear() const {
  AILERON_ASSIGN(const FileLock lock,
                 FileLock::Wait(In("lock"), FileLock::Kind::kAlone, limits::kOtherFetch,
                                "another process that fetches features"));
  // Names first: what they lead to is there as long as they are.
  for (const char* folder : {"names", "content"}) {
    AILERON_TRY(os::RemoveTree(In(folder)));
  }
  return {};
}

}  // namespace aileron::build
