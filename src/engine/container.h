// Container: what an engine is asked to make for a sandbox, in docker's words and in podman's.
//
// It holds no capability, has no network, a read-only root and limits, and runs one program, ours,
// by which the walls are built (sandbox/enter.h). Nothing that is secret is in it: whoever may
// inspect the container sees paths, ids and numbers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/endpoint.h"
#include "sandbox/spec.h"

namespace aileron::engine {

// For "docker ps --filter label=…", and for who cleans up.
inline constexpr std::string_view kLabel = "dev.aileron.sandbox";

struct Bind {
  std::string source;  // of the host, resolved
  std::string target;
  sandbox::Access access = sandbox::Access::kReadOnly;
};

struct Container {
  std::string image;  // its id: what a name meant when it was looked up
  std::string name;   // by which it can be removed whatever the engine has answered
  std::string label;  // the value of kLabel
  std::uint32_t uid = 0, gid = 0;
  // To be root of its namespace, whose id only who has CAP_SETFCAP there may map into another one
  // (user_namespaces(7)); the first process gives it up.
  bool maps_root = false;
  std::vector<std::string> command;
  std::vector<Bind> binds;
  std::vector<std::string> folders;  // to mount on: made where the image lacks them
  sandbox::Resources resources;
  std::string seccomp_file;  // of SeccompProfile(); podman is told where it is
};

// The body of POST /containers/create?name=… (Docker Engine API 1.41).
std::string DockerBody(const Container& container);
// The body of POST /libpod/containers/create (libpod API 4.0.0, SpecGenerator).
std::string PodmanBody(const Container& container);

// The system calls that no process of the container has, as JSON of docker's form. Those that make
// a sandbox are left to the first process; the agent's own filter takes them away.
std::string SeccompProfile();

}  // namespace aileron::engine
