// OciStart: a sandbox in a container that an OCI runtime makes of a bundle (docs/adr/0032).
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/entry_folder.h"
#include "engine/oci_runtime.h"
#include "os/process.h"
#include "sandbox/identity.h"
#include "sandbox/sandbox.h"
#include "sandbox/spec.h"

namespace aileron::engine {

// A container with its folder. When it goes it waits for the container's end, which has to be near
// by then, and for what the runtime has to clean up.
class OciContainer {
 public:
  OciContainer() = default;
  OciContainer(OciRuntime runtime, EntryFolder folder)
      : runtime_(std::move(runtime)), folder_(std::move(folder)) {}
  OciContainer(OciContainer&& other) noexcept = default;
  OciContainer& operator=(OciContainer&& other) noexcept = default;
  ~OciContainer();

  EntryFolder& folder() { return folder_; }
  OciRuntime::Place place() const { return {folder_.path()}; }
  // Has the runtime make it of the bundle that lies in its place.
  Status Run();
  // Readable once the runtime has ended.
  int ended() const { return running_.pidfd.get(); }
  // What went wrong, once it has; else nothing.
  Status Check() const;

 private:
  std::optional<OciRuntime> runtime_;
  EntryFolder folder_;
  os::Child running_;
};

struct OciStarted {
  sandbox::Sandbox sandbox;
  OciContainer container;  // to be kept until the sandbox has ended
};

// As sandbox::StartNative, in a container. `folder` is this user's folder for sockets.
Result<OciStarted> StartInRuntime(const OciRuntime& runtime, const sandbox::Spec& spec,
                                  const sandbox::Identity& identity, const std::string& folder);

}  // namespace aileron::engine
