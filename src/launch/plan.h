// Plan: what a launch will build and run, decided before anything is started.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/file_lock.h"
#include "launch/launch.h"
#include "os/paths.h"
#include "sandbox/identity.h"
#include "sandbox/spec.h"

namespace aileron::launch {

inline constexpr std::string_view kNative = "native";
inline constexpr std::string_view kOci = "oci";

struct Plan {
  sandbox::Identity identity;
  sandbox::Spec spec;
  std::vector<std::string> command;
  std::string workdir;
  std::vector<std::string> environment;            // of the image: NAME=VALUE
  std::vector<std::string> container_environment;  // of the devcontainer, which is stronger
  struct Creation {
    bool due = false;
    std::string marker;   // a file of the host; empty: there are no such commands
    std::string content;  // that it has once they have run
  } creation;             // of what a devcontainer makes once (kept_folders.h)
  struct Kept {
    std::string folder;   // of the host, where volumes' lock and note are; empty: there is none
    std::string project;  // the devcontainer.json
    std::optional<image::FileLock> lock;  // as long as they are in use
  } kept;
  int stop_signal = 0;          // what the agent gets instead of SIGTERM; 0: that
  std::string driver{kNative};  // or the name of an engine
  std::string tier = "host";    // host | image | devcontainer
  std::string image = "host";   // or NAME@DIGEST
};

// Refuses a workspace or a mount that would put the user's credentials or aileron's own state into
// the sandbox: a home folder as a whole, ~/.ssh and its like, the folders of `paths`.
Result<Plan> MakePlan(const Options& options, const os::Paths& paths);

// kDenied, with what it would expose, when this host folder or file must not be shared.
Status CheckShareable(const std::string& resolved, const os::Paths& paths);

// Ports that the data plane answers on: 80, 443, those of `allow`, the proxy and DNS.
Result<std::vector<sandbox::Listener>> ListenersFor(const std::vector<std::string>& allow,
                                                    const std::vector<std::string>& connect_to);

}  // namespace aileron::launch
