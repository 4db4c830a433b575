// Recipe: all that an image of a devcontainer is built from, as it is in the project now, and the
// key that is the same as long as that is.
//
// The key is of the Dockerfile's text, the context's files (context.h), arguments, target, labels,
// images that serve as a cache, platform and features with the digests of those that are fetched,
// and of nothing that differs between builders or machines of one kind. What a build fetches while
// it runs is not known before, and not in it: of an image that a tag names, the tag is. All else
// that is read lies in the project: in the workspace, or beside a devcontainer.json elsewhere; no
// link is followed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "build/context.h"
#include "build/dockerfile.h"
#include "build/feature.h"
#include "build/feature_source.h"
#include "image/devcontainer.h"
#include "os/fd.h"

namespace aileron::build {

// What of build.options is taken; the rest has no effect.
struct BuildOptions {
  bool pull = false, no_cache = false;
  std::string platform, target;
  std::vector<std::string> labels;
};
BuildOptions TakeOptions(const std::vector<std::string>& options);

struct Recipe {
  std::string config_file;      // devcontainer.json, absolute
  std::string dockerfile_name;  // absolute; empty: the file names an image
  std::string dockerfile;       // its text, or one with that image alone
  Dockerfile read;
  image::TextPairs args;  // by name
  BuildOptions options;   // with the target
  std::vector<image::Reference> cache_from;
  std::string context_name;  // absolute; empty: there is none
  os::Fd context_folder;
  Context context;
  std::vector<Feature> features;  // in the order in which they are installed
  // Who the file says that the sandbox and the agent run as; features are told.
  std::string container_user, remote_user;
  std::string key;   // 64 hex digits
  bool own = false;  // aileron's own image (base_image.h), no project's
};

struct RecipeInput {
  const image::DevContainer& container;
  std::string_view config_file;  // absolute
  std::string_view workspace;    // absolute and resolved
  std::string_view cache;        // an existing folder, where stat caches lie
  FeatureSource& features;       // borrowed for the call
  Time now{};
};

// The key of a recipe that has all else.
std::string KeyOf(const Recipe& recipe);

// Whether the file has anything to build.
bool Builds(const image::DevContainer& container);

// kInvalid names what is wrong or lies outside of the project; kNotFound what is not there.
Result<Recipe> ReadRecipe(const RecipeInput& input);

}  // namespace aileron::build
