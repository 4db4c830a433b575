// Merging: what an image's label, the features and devcontainer.json say together (Dev Container
// specification, "Image Metadata", "Merge Logic").
//
//   init, privileged                    true where any says so
//   capAdd, securityOpt, forwardPorts   all of them, each once, in order
//   mounts                              all of them; of those for one target the last
//   the stages' commands, entrypoint    all of them, in order
//   remoteEnv, containerEnv, portsAttributes    by name, the last wins
//   hostRequirements                    the largest of each
//   customizations                      by tool, all of them
//   all else                            the last that is said
//
// The label's entries come first, then the features in the order in which they are installed, then
// the file. Pure.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/devcontainer.h"
#include "image/variables.h"

namespace aileron::image {

inline constexpr std::string_view kMetadataLabel = "devcontainer.metadata";

// The entries of the label's text, their variables substituted: an object, or an array of such.
// kInvalid; `image` is for messages.
Result<std::vector<Metadata>> ReadMetadataLabel(std::string_view text, std::string_view image,
                                                const VariableValues& values,
                                                std::vector<Warning>& warnings);

// Fields as in Metadata, each of all that say something.
struct Merged {
  bool init = false;
  bool privileged = false;
  std::vector<std::string> cap_add, security_opt, entrypoints;
  std::vector<Mount> mounts;
  std::array<std::vector<StageCommands>, kStages> commands;  // by Stage, in order
  std::string wait_for, remote_user, container_user, user_env_probe, shutdown_action;
  std::optional<bool> override_command, update_remote_user_uid;
  std::vector<std::pair<std::string, std::optional<std::string>>> remote_env;
  TextPairs container_env;
  std::vector<ForwardedPort> forward_ports;
  nlohmann::json ports_attributes = nlohmann::json::object();
  nlohmann::json other_ports_attributes;
  std::optional<HostRequirements> host_requirements;
  nlohmann::json customizations = nlohmann::json::object();  // by tool, an array of what is said
};

// `entries` in their order; that of the file is the last.
Merged Merge(std::span<const Metadata> entries);

// As the reference implementation prints it ("read-configuration --include-merged-configuration"):
// what else the file says stands beside it.
nlohmann::json MergedJson(const DevContainer& container, const Merged& merged);

}  // namespace aileron::image
