// Endpoint: where an engine's API is reached, as its own clients find it.
//
//   docker  $DOCKER_HOST; else the context of $DOCKER_CONTEXT or of "currentContext" in
//           $DOCKER_CONFIG/config.json (contexts/meta/SHA-256 OF ITS NAME/meta.json); else
//           /var/run/docker.sock, or $XDG_RUNTIME_DIR/docker.sock
//   podman  $CONTAINER_HOST; else /run/podman/podman.sock for root, and
//           $XDG_RUNTIME_DIR/podman/podman.sock for others
//
// A sandbox's descriptors cross a unix socket of this machine alone: an engine elsewhere is
// refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron::engine {

enum class Kind : std::uint8_t { kDocker, kPodman };
std::string_view Name(Kind kind);

struct Endpoint {
  std::string socket;  // absolute
  std::string origin;  // who says so: "DOCKER_HOST"; empty: nobody, it is the usual place
};

// Of the environment; empty: not set.
struct Places {
  std::string home, runtime;  // runtime: $XDG_RUNTIME_DIR
  std::string docker_host, docker_context, docker_config;
  std::string container_host;
  bool root = false;
};
Places PlacesOfEnvironment(const std::string& home);

// kUnsupported for what is no unix socket, with the reason; kInvalid for a context that does not
// say where it is; kNotFound where there is no socket, with what starts one.
Result<Endpoint> FindEndpoint(Kind kind, const Places& places);

}  // namespace aileron::engine
