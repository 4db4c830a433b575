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

  std::unique_ptr<SourceFiles> files_;
  Reference reference_;
};

}  // namespace aileron::image
