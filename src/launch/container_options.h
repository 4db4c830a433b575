// ContainerOptions: what a devcontainer.json, and the label of its image, add to a launch.
//
// image/plan.h has judged each field; here the ones that are honoured become options, and what the
// command line says stays stronger. Pure, but for the paths of mounts, which are resolved.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/devcontainer.h"
#include "image/permissions.h"
#include "sandbox/spec.h"
#include "service/service.h"

namespace aileron::image {
struct SandboxPlan;
}

namespace aileron::launch {

struct Options;

// A folder that outlives the sandbox, by its name in this project.
struct KeptFolder {
  enum class Kind : std::uint8_t {
    kCache,  // can be made again
    kNamed
  } kind = Kind::kNamed;
  std::string name;
  std::string target;
  sandbox::Access access = sandbox::Access::kReadWrite;
};

// Commands that have to end well before the agent starts.
struct Lifecycle {
  std::vector<std::vector<sandbox::Step>> creating;  // onCreate, updateContent and postCreate
  std::vector<std::vector<sandbox::Step>> starting;  // postStart and postAttach
};

// What is known once the environment inside is: ${containerEnv:…} stands for its variables.
struct ContainerInside {
  // Of the agent and the commands; nothing: unset.
  std::vector<std::pair<std::string, std::optional<std::string>>> variables;
  Lifecycle lifecycle;
};

// When the commands of creation run.
enum class SetupWhen : std::uint8_t {
  kAuto,  // once for each content of the file and its image
  kAlways,
  kNever
};

struct ContainerOptions {
  std::string id;       // ${devcontainerId}; empty: there is no file, and nothing else is said
  std::string file;     // its path
  std::string tier;     // "devcontainer"
  std::string content;  // of the file, the label and the image: a digest
  std::vector<std::string> environment;  // of all that runs inside: NAME=VALUE
  std::string workspace_inside;          // empty: as without a file
  std::vector<KeptFolder> folders;
  std::vector<sandbox::Volume> memory;
  std::string hostname;         // empty: as without a file
  std::uint64_t shm_bytes = 0;  // 0: as the kernel has it
  int stop_signal = 0;          // what the agent gets instead of SIGTERM; 0: that
  bool creates = false;         // it has commands of creation, and so a home that is kept
  SetupWhen setup = SetupWhen::kAuto;
  // What has run on the host by now, and services; both empty without trust.
  std::vector<std::vector<sandbox::Step>> initialize;
  std::vector<service::Spec> services;  // folders are the host's
  std::string profile;                  // of the network, as the file wants it
  bool trusted = false;
  image::Permissions permissions;  // the user's, by which the plan was judged
  std::function<Result<ContainerInside>(const std::vector<std::string>& environment)> inside;
};

// Puts what `plan` honours into options; `workspace` is the host's, resolved. Lines for a person
// say what is left out that only this look finds. kInvalid names the file and its line.
Result<std::vector<std::string>> ApplyContainer(const image::SandboxPlan& plan,
                                                const std::string& workspace, Options& options);

// initializeCommand, for whoever knows that the file is trusted.
std::vector<std::vector<sandbox::Step>> HostSteps(const image::SandboxPlan& plan);

ContainerInside InsideOf(const image::SandboxPlan& plan);

// What this machine has.
struct Machine {
  std::uint64_t cpus = 0;
  std::uint64_t memory = 0;   // bytes
  std::uint64_t storage = 0;  // bytes, free where the workspace is
};
// Lines for a person: what the file needs and this machine has not.
std::vector<std::string> UnmetRequirements(const image::HostRequirements& needed,
                                           const Machine& machine);

}  // namespace aileron::launch
