// EngineSource: images that docker, podman or buildah have on this machine, brought into the store
// by their names, for launches without an engine.
#pragma once

#include <span>
#include <string>

#include "modes/image_store.h"

namespace aileron::modes {

// What the engine means by the name now; where the engine is not reached, what it meant at last,
// unless Ask::kAgain. An image that the store has, by its id, is not read again. Of the options'
// `projects` no program is started. 69 where there is neither an engine nor an image.
std::expected<FoundImage, Failure> FindOrExport(const image::Store& store,
                                                const image::Reference& reference,
                                                const PullOptions& options);

// For "sandbox plan", which starts nothing: where the image would come from, in words, and what is
// known of it.
struct EngineFacts {
  std::string from;     // "docker 20.10.24 (/var/run/docker.sock)"
  std::string id;       // empty: not known
  bool stored = false;  // what the engine has is in the store
};
EngineFacts FactsOf(const image::Reference& reference);

}  // namespace aileron::modes
