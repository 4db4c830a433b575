// SandboxPlan: what a sandbox will be, of the flags, the workspace's devcontainer.json and the
// image's label, before anything runs. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/config_file.h"
#include "image/devcontainer.h"
#include "image/field_report.h"
#include "image/metadata.h"
#include "image/permissions.h"
#include "image/tier.h"

namespace aileron::image {

// Where the workspace stands in an image that no devcontainer.json speaks of.
inline constexpr std::string_view kImageWorkspace = "/home/agent/workspace";

struct PlanInput {
  std::string workspace;             // the host's, absolute and resolved
  std::optional<ConfigFile> config;  // as it was found and read
  std::string image;                 // --image; empty: not said
  std::string metadata_label;        // of the image, as far as it is known; empty: none
  std::map<std::string, std::string, std::less<>> local_env;
  // Variables of the host that an untrusted file may see; a trusted one may see all.
  std::function<bool(std::string_view name)> may_see;
  // The environment inside, once it is known; nothing leaves ${containerEnv:…} as it is written.
  std::optional<std::map<std::string, std::string, std::less<>>> container_env = {};
  Permissions permissions;
};

struct SandboxPlan {
  TierChoice tier;
  DevContainer container;  // empty when there is no file
  Merged merged;
  std::string workspace_folder;  // inside; on the host's root the host's path
  std::string devcontainer_id;   // empty when there is no file
  std::vector<FieldReport> reports;
  std::vector<Warning> label_warnings;  // those of the file are the container's
};

// kInvalid names the file, line and column, or the label.
Result<SandboxPlan> MakePlan(const PlanInput& input);

}  // namespace aileron::image
