// DemoWorld: a private temporary folder with aileron's config, state and runtime folders in it, and
// a daemon of its own. Nothing of the user's is read or written, and nothing stays behind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/start.h"
#include "os/fd.h"

namespace aileron::modes {

class DemoWorld {
 public:
  // Turns this process's environment to the new folders, so before any thread is started; and holds
  // back SIGINT, SIGTERM and SIGHUP, which become readable at interrupt().
  static Result<std::unique_ptr<DemoWorld>> Make();
  // Stops the daemon and removes the folder.
  ~DemoWorld();
  DemoWorld(const DemoWorld&) = delete;
  DemoWorld& operator=(const DemoWorld&) = delete;

  Result<control::Client> Daemon() const;
  const std::string& folder() const { return folder_; }
  // Where sandboxes work.
  std::string project() const { return folder_ + "/project"; }
  int interrupt() const { return interrupt_.get(); }
  // What a program in this world is started with.
  std::vector<std::string> Environment() const;

 private:
  DemoWorld() = default;
  void StopDaemon() const;

  std::string folder_;
  os::Paths paths_;
  os::Fd interrupt_;
};

}  // namespace aileron::modes
