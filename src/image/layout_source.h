// LayoutSource: an image in an OCI layout, in a folder or in a tar (OCI image-spec,
// image-layout.md).
#pragma once

#include <memory>

#include "image/source.h"

namespace aileron::image {

class LayoutSource : public Source {
 public:
  LayoutSource(std::unique_ptr<SourceFiles> files, Reference reference)
      : files_(std::move(files)), reference_(std::move(reference)) {}

  Result<Resolved> Resolve(const Platform& machine) override;
  Result<Blob> Open(const SourceLayer& layer) const override;

  // The blob that the reference means by index.json alone: an image or another index.
  Result<Digest> Pick(const Platform& machine) const;

 private:
  Result<Descriptor> PickByName(const Platform& machine) const;
  Result<std::string> ReadDocument(const Digest& digest, const std::optional<Descriptor>& promised,
                                   std::size_t most) const;

  std::unique_ptr<SourceFiles> files_;
  Reference reference_;
};

// What both forms check: as many layers as diff ids, diff ids that can be verified, and a platform
// of this machine's. Fills in the layers' diff ids.
Status CheckResolved(Resolved& resolved, const Platform& machine, std::string_view what);

}  // namespace aileron::image
