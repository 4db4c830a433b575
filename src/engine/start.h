// Start: a sandbox in a container of an engine's (docs/adr/0028).
#pragma once

#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/entry_folder.h"
#include "sandbox/identity.h"
#include "sandbox/sandbox.h"
#include "sandbox/spec.h"

namespace aileron::engine {

struct Started {
  sandbox::Sandbox sandbox;
  EntryFolder folder;  // to be kept until the sandbox is built
};

// As sandbox::StartNative, on the root of `image`, which is an id. The container goes when the
// sandbox ends, and when the launcher does. `runtime` is this user's folder for sockets.
Result<Started> Start(Engine& engine, const std::string& image, const sandbox::Spec& spec,
                      const sandbox::Identity& identity, const std::string& runtime);

}  // namespace aileron::engine
