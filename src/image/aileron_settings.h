// AileronSettings: customizations.aileron of a devcontainer.json.
//
//   "image": "REF"                  instead of image, build and features; "base" is our own image
//   "policy": "guarded" | "FILE"    a built-in profile, or a policy file of the workspace
//   "bindings": ["token/github"]    entries of the vault that the project needs bound
//   "services": [{"name": …, "command": […]}]      as a policy file has them
//   "caches": {"npm": "/home/node/.npm"}           volumes that outlive the sandbox, by name
//   "agents": ["claude"]            programs that the image must have
//
// schema/devcontainer-customizations.v1.json says the same to editors. Read strictly: what is
// unknown or of another type is an error with its place. What an image's label says under this name
// is not read: settings are a project's or a user's, not an image's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/json_reader.h"

namespace aileron::image {

struct AileronService {
  Place place;
  std::string name;
  std::vector<std::string> command;
  std::string folder;  // of the workspace; empty: the workspace
  std::vector<std::uint16_t> publish;
  std::string restart;            // "no", "on-failure", "always"; empty: not said
  std::uint16_t health_port = 0;  // 0: none
  std::string health_command;     // empty: none
};

struct AileronSettings {
  Place place;
  std::string image;   // empty: not said
  std::string policy;  // empty: not said
  std::vector<std::string> bindings;
  std::vector<AileronService> services;
  TextPairs caches;  // name → absolute path inside
  std::vector<std::string> agents;
};

// `node` is the value of customizations.aileron.
Result<AileronSettings> ReadAileronSettings(const JsonNode& node, const JsonReader& reader);

// Whether `policy` names a built-in profile, not a file.
bool IsProfileName(std::string_view policy);

}  // namespace aileron::image
