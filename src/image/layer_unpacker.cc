// Tested by tests/image/test_store.py.

#include "image/layer_unpacker.h"

#include "base/text.h"
#include "image/unpack.h"

namespace aileron::image {

LayerUnpacker TarUnpacker() {
  return [](const Blob& blob, const SourceLayer& layer, const std::string& folder,
            const std::function<Status(std::uint64_t)>& told) -> Result<LayerResult> {
    const LayerSource source{.descriptor = blob.file,
                             .name = Printable(layer.name),
                             .size = blob.size,
                             .compression = layer.compression};
    AILERON_ASSIGN(const Unpacked unpacked, UnpackLayer(source, folder, {}, told));
    return LayerResult{.digest = {Algorithm::kSha256, HexEncode(unpacked.digest)},
                       .diff_id = {Algorithm::kSha256, HexEncode(unpacked.diff_id)},
                       .bytes = unpacked.file_bytes,
                       .is_root_opaque = unpacked.is_root_opaque};
  };
}

}  // namespace aileron::image
