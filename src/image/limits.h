// Bounds of the image room. All that it reads was written by strangers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace aileron::image::limits {

// Names.
inline constexpr std::size_t kDigestMax = 256;
inline constexpr std::size_t kRepositoryMax = 255;  // domain and path, as distribution has it
inline constexpr std::size_t kTagMax = 128;         // of a repository
inline constexpr std::size_t kLayoutNameMax = 255;  // org.opencontainers.image.ref.name
inline constexpr std::size_t kFilePathMax = 4'096;
inline constexpr std::size_t kReferenceMax = 8'192;  // the whole text
inline constexpr std::size_t kQuotedMax = 100;       // of a stranger's word in a message

// Manifests and configs.
inline constexpr std::size_t kManifestMax = 4 << 20;  // as registries have it
inline constexpr std::size_t kConfigMax = 8 << 20;
inline constexpr std::size_t kJsonDepthMax = 32;
inline constexpr std::size_t kIndexEntriesMax = 1'000;
inline constexpr std::size_t kIndexDepthMax = 4;  // of indexes within each other
inline constexpr std::size_t kLayersMax = 500;    // lower folders that overlayfs takes
inline constexpr std::uint64_t kBlobMax = std::uint64_t{1} << 40;
inline constexpr std::size_t kWordsMax = 4'096;       // of Env, Entrypoint, Cmd, Volumes, Labels
inline constexpr std::size_t kWordMax = 128 * 1'024;  // one of them; more than execve(2) takes
inline constexpr std::size_t kLabelMax = 4 << 20;     // tools keep documents there
inline constexpr std::size_t kUserMax = 256;
inline constexpr std::size_t kSignalMax = 16;
inline constexpr std::size_t kMediaTypeMax = 255;

// Archives and layouts.
inline constexpr std::size_t kArchiveEntriesMax = 100'000;
inline constexpr std::size_t kArchiveHeaderMax = 64 << 10;  // a pax header or a long name
inline constexpr std::size_t kArchiveNameMax = 4'096;
inline constexpr std::size_t kArchiveManifestMax = 4 << 20;  // manifest.json of docker-archive
inline constexpr std::size_t kArchiveImagesMax = 1'000;
inline constexpr std::uint64_t kExportMax = std::uint64_t{256} << 30;  // of an engine's image
inline constexpr std::size_t kLayoutFileMax = 1'024;                   // oci-layout

// The store.
inline constexpr std::size_t kRecordMax = 32 << 20;  // an image's record: its config is in it
inline constexpr std::size_t kThreadsMax = 4;
inline constexpr Duration kLayerWait = std::chrono::minutes(30);  // until another has unpacked it
inline constexpr Duration kStoreWait = std::chrono::seconds(20);  // until another has cleaned up
inline constexpr Duration kUnusedFor = std::chrono::hours(24 * 30);
inline constexpr Duration kPartialKept = std::chrono::hours(24 * 7);
inline constexpr std::uint64_t kStoreSize = std::uint64_t{20} << 30;
inline constexpr std::size_t kDigestPrefixMin = 6;  // of what names an image in short

}  // namespace aileron::image::limits
