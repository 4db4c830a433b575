// TarUnpacker: how layers of real images are unpacked for the store: by UnpackLayer.
#pragma once

#include "image/layer_work.h"

namespace aileron::image {

LayerUnpacker TarUnpacker();

}  // namespace aileron::image
