// PodmanService: podman's API where no socket of it is served: the program serves one for us, on a
// socket that nobody else reaches, and as long as this lives.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/held_folder.h"
#include "os/fd.h"
#include "os/find_program.h"
#include "os/process.h"

namespace aileron::engine {

class PodmanService {
 public:
  // `program` is podman's; the socket is in a folder of its own below `runtime`. It runs
  // with this process's environment, and so on the storage that the user's own podman has.
  // kUnavailable with podman's own words when it does not serve.
  static Result<PodmanService> Start(const os::Program& program, const std::string& runtime);
  PodmanService(PodmanService&& other) noexcept = default;
  PodmanService& operator=(PodmanService&& other) = delete;
  ~PodmanService();

  // As CONTAINER_HOST has it.
  std::string url() const { return "unix://" + folder_.path() + "/sock"; }

 private:
  explicit PodmanService(HeldFolder folder) : folder_(std::move(folder)) {}
  Status AwaitSocket();

  HeldFolder folder_;  // what a killed one left goes with the next
  os::Fd words_;       // what it prints
  os::Child child_;
};

}  // namespace aileron::engine
