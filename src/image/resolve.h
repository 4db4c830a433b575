// Resolve: from an index or a manifest to the image for a machine, wherever the documents lie.
#pragma once

#include <string>
#include <string_view>

#include "image/manifest.h"
#include "image/source.h"

namespace aileron::image {

class Documents {
 public:
  virtual ~Documents() = default;
  enum class Kind : std::uint8_t { kManifest, kConfig };
  // At most `most` bytes that have the descriptor's digest, and its size where it says one.
  virtual Result<std::string> Read(Kind kind, const Descriptor& descriptor, std::size_t most) = 0;
  // What messages and layers call a blob.
  virtual std::string NameOf(const Digest& digest) const = 0;
  // What messages call the whole.
  virtual std::string Name() const = 0;
};

// `first` may lack a media type and a size. Errors as Source::Resolve has them.
Result<Resolved> ResolveFrom(Documents& documents, Descriptor first, const Platform& machine);

// As many layers as diff ids, diff ids that can be verified, and a platform of this machine's.
// Fills in the layers' diff ids. `what` is the image's name for messages.
Status CheckResolved(Resolved& resolved, const Platform& machine, std::string_view what);

}  // namespace aileron::image
