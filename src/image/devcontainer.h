// DevContainer: what a devcontainer.json says (Dev Container specification, "devcontainer.json
// reference": https://containers.dev/implementors/json_reference/).
//
// Values of a wrong type are errors with file, line and column, with what was found and what was
// expected. Keys that the specification does not know are warnings, since it lets tools add theirs;
// below customizations.aileron they are errors (aileron_settings.h). What of it holds in a sandbox
// is field_report.h's. Text in, values out.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/aileron_settings.h"
#include "image/json_reader.h"
#include "image/mount.h"

namespace aileron::image {

// What runs when; in this order.
enum class Stage : std::uint8_t {
  kInitialize,  // initializeCommand: on the host
  kOnCreate,    // the others inside
  kUpdateContent,
  kPostCreate,
  kPostStart,
  kPostAttach
};
inline constexpr std::size_t kStages = 6;
std::string_view KeyOf(Stage stage);  // "onCreateCommand"

// One of a stage's commands: a line for a shell, or words that no shell sees.
struct StageCommand {
  std::string name;  // in the object form, where all run at once; else empty
  std::string line;  // for /bin/sh -c; empty: `words`
  std::vector<std::string> words;
};
struct StageCommands {
  std::string origin;     // of a feature its id; else empty
  bool parallel = false;  // the object form
  std::vector<StageCommand> commands;
};

struct HostRequirements {
  enum class Gpu : std::uint8_t { kNotSaid, kNo, kOptional, kYes, kDetailed };
  std::uint64_t cpus = 0;     // 0: not said
  std::uint64_t memory = 0;   // bytes
  std::uint64_t storage = 0;  // bytes
  Gpu gpu = Gpu::kNotSaid;
  std::uint64_t gpu_cores = 0;
  std::uint64_t gpu_memory = 0;  // bytes
};

// "localhost:3000" where the file has a number.
struct ForwardedPort {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const ForwardedPort&) const = default;
};

// What an image's label and a feature can say as well (specification, "Image Metadata"). What is
// not said is empty.
struct Metadata {
  std::string origin;  // of a feature its id; else empty
  std::optional<bool> init, privileged, override_command, update_remote_user_uid;
  std::vector<std::string> cap_add, security_opt;
  std::string entrypoint;  // not in devcontainer.json
  std::vector<Mount> mounts;
  std::array<std::optional<StageCommands>, kStages> commands;  // by Stage
  std::string wait_for;                                        // the key of a stage
  std::string remote_user, container_user;
  std::string user_env_probe;   // "none", "loginShell", "interactiveShell", "loginInteractiveShell"
  std::string shutdown_action;  // "none", "stopContainer", "stopCompose"
  std::vector<std::pair<std::string, std::optional<std::string>>> remote_env;  // nothing: unset it
  TextPairs container_env;
  std::vector<ForwardedPort> forward_ports;
  // By port, range or expression: label, onAutoForward, protocol, elevateIfNeeded,
  // requireLocalPort; types are checked.
  nlohmann::json ports_attributes, other_ports_attributes;
  std::optional<HostRequirements> host_requirements;
  nlohmann::json customizations;  // by tool, as they are written
};

struct Build {
  std::string dockerfile;  // relative to the file, as `context` is
  std::string context;     // empty: "."
  std::string target;
  TextPairs args;
  std::vector<std::string> cache_from, options;
};

struct Feature {
  Place place;
  std::string id;          // "ghcr.io/devcontainers/features/go:1", "./local", "https://….tgz"
  nlohmann::json options;  // an object of strings and booleans, or one of these: its version
};

struct NeededSecret {
  Place place;
  std::string name, description, documentation_url;
};

struct DevContainer {
  std::string file;  // for messages
  std::string name;
  Metadata metadata;
  std::string image;
  std::optional<Build> build;
  std::vector<Feature> features;  // in the order of the file
  std::vector<std::string> override_feature_install_order;
  std::vector<std::string> docker_compose_files;
  std::string service;
  std::vector<std::string> run_services;
  std::string workspace_folder;                // absolute; empty: not said
  std::optional<std::string> workspace_mount;  // as --mount has it; empty: none at all
  std::vector<std::string> run_args;
  std::vector<NeededSecret> secrets;
  std::optional<AileronSettings> aileron;

  struct Field {
    Place place;
    std::string key;
    bool known = true;
  };
  std::vector<Field> fields;  // that stand in the file, in its order
  nlohmann::json written;     // the whole of it
  std::vector<Warning> warnings;

  const Field* Find(std::string_view key) const;
};

// `root` is the file's tree, its variables substituted (variables.h). kInvalid.
Result<DevContainer> ReadDevContainer(const JsonNode& root, std::string_view file);

// One entry of an image's label, or a feature's own metadata (devcontainer-feature.json). Keys that
// are not for it are passed over.
Result<Metadata> ReadMetadataEntry(const JsonNode& node, const JsonReader& reader);

}  // namespace aileron::image
