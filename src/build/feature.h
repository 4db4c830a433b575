// Feature: a folder with an install.sh that adds something to an image (Dev Container Features,
// https://containers.dev/implementors/features/).
//
//   FOLDER/devcontainer-feature.json   id, version, options, containerEnv, dependsOn,
//                                      installsAfter, legacyIds, and what an image's label can say
//   FOLDER/install.sh
//
// "./NAME" is a folder of the project, from the devcontainer.json; others are fetched into folders
// of our own (feature_source.h).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "build/builder.h"
#include "build/context.h"
#include "build/feature_order.h"
#include "image/devcontainer.h"
#include "os/fd.h"

namespace aileron::build {

struct Feature {
  std::string written;  // as the file names it
  FeatureName source;   // the same, read
  std::string place;    // where its folder is, absolute
  std::string digest;   // of what was fetched, "sha256:…"; empty: a folder of the project
  std::string id, version, name;
  std::vector<std::string> names;  // its id of today, and those that it had
  nlohmann::json given;            // options, as they are written
  image::TextPairs options;        // variables of install.sh: "VERSION"
  image::TextPairs container_env;  // may use variables that are set before
  nlohmann::json metadata;         // for the image's label, with the name that it is written by
  std::vector<std::pair<std::string, nlohmann::json>> depends_on;  // as they are written, options
  std::vector<std::string> installs_after;
  os::Fd folder;
  Context content;

  FeatureKey key() const;
};

// What its devcontainer-feature.json says, with the options that the file gives it: an object, a
// version, or true. kInvalid: "FILE:LINE:COLUMN: …".
Result<Feature> ParseFeature(std::string_view text, std::string_view file, std::string written,
                             const nlohmann::json& options);

// The name of an option as a variable of install.sh.
std::string VariableOf(std::string_view option);

// The files that install it, besides its own.
std::string EnvironmentFile(const Feature& feature);  // devcontainer-features.env
std::string InstallScript(const Feature& feature);    // devcontainer-features-install.sh

// What the image is that features are added to, as far as they need to know.
struct FeatureBase {
  std::string image;                        // as FROM takes it
  std::string user;                         // that it runs as; empty: root
  std::string label;                        // its metadata; empty: none
  std::string container_user, remote_user;  // that the features are told
};

// `tag` is what FROM takes, `facts` what it is; who is nothing in the file is who the image's
// label, else the image says. kInvalid for a label that is none.
Result<FeatureBase> BaseOf(std::string tag, const ImageFacts& facts, std::string container_user,
                           std::string remote_user);

// The Dockerfile that adds them. Its context has for each of them, in this order, the folder that
// FolderOf names, and BuiltinEnvironment's file. kInvalid for a label that is none.
Result<std::string> FeaturesDockerfile(const FeatureBase& base,
                                       const std::vector<Feature>& features);
std::string FolderOf(const Feature& feature, std::size_t number);
std::string BuiltinEnvironment(const FeatureBase& base);
inline constexpr std::string_view kBuiltinFile = "devcontainer-features.builtin.env";

}  // namespace aileron::build
