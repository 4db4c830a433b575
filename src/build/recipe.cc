#include "build/recipe.h"

#include <algorithm>

#include "base/text.h"
#include "build/base_image.h"
#include "build/feature_set.h"
#include "build/fields.h"
#include "build/limits.h"
#include "build/project.h"
#include "image/cache_from.h"
#include "image/platform.h"

namespace aileron::build {
namespace {

// Raised when what a builder is given for the same recipe changes.
constexpr std::string_view kVersion = "aileron build 1";
constexpr std::string_view kIgnoreFile = ".dockerignore";

// The rules of "DOCKERFILE.dockerignore", else of the context's ".dockerignore".
Result<IgnoreRules> ReadRules(const Project& project, const Recipe& recipe) {
  const std::string_view slash = recipe.context_name == "/" ? "" : "/";
  for (const std::string& place :
       {recipe.dockerfile_name + std::string(kIgnoreFile),
        fmt::format("{}{}{}", recipe.context_name, slash, kIgnoreFile)}) {
    const auto text = project.Read(place, limits::kIgnoreFileMax);
    if (text) return IgnoreRules::Parse(*text, place);
    if (text.error().code != Code::kNotFound) return std::unexpected(text.error());
  }
  return IgnoreRules();
}

Status ReadBuild(const RecipeInput& input, const Project& project, Recipe& recipe) {
  const image::Build& build = *input.container.build;
  AILERON_ASSIGN(recipe.dockerfile_name, project.Place(build.dockerfile, "build.dockerfile"));
  AILERON_ASSIGN(recipe.context_name,
                 project.Place(build.context.empty() ? "." : build.context, "build.context"));
  AILERON_ASSIGN(recipe.dockerfile, project.Read(recipe.dockerfile_name, limits::kDockerfileMax));
  AILERON_ASSIGN(recipe.context_folder, project.OpenFolder(recipe.context_name, "build.context"));
  recipe.args = build.args;
  std::ranges::sort(recipe.args);
  recipe.options = TakeOptions(build.options);
  if (!build.target.empty()) recipe.options.target = build.target;
  for (const std::string& entry : build.cache_from) {
    if (auto cache = image::CacheImage(entry)) recipe.cache_from.push_back(*std::move(cache));
  }
  AILERON_ASSIGN(recipe.read,
                 ReadDockerfile(recipe.dockerfile, recipe.dockerfile_name, recipe.args));
  if (!recipe.options.target.empty() && !HasStage(recipe.read, recipe.options.target)) {
    return Fail(Code::kInvalid, "{} has no stage \"{}\", which build.target names",
                Printable(recipe.dockerfile_name), Printable(recipe.options.target));
  }
  AILERON_ASSIGN(const IgnoreRules rules, ReadRules(project, recipe));
  FieldHash name;
  name.Add(recipe.context_name);
  StatCache cache(fmt::format("{}/stat-{}", input.cache, name.Finish().substr(0, 16)));
  AILERON_ASSIGN(recipe.context,
                 ReadContext(recipe.context_folder, recipe.context_name, rules, cache, input.now));
  return cache.Save();
}

}  // namespace

std::string KeyOf(const Recipe& recipe) {
  FieldHash hash;
  const auto add = [&](std::string_view what, std::string_view value) {
    hash.Add(what);
    hash.Add(value);
  };
  add("version", kVersion);
  const image::Platform machine = image::HostPlatform();
  add("machine", fmt::format("{}/{}", machine.os, machine.architecture));
  add("platform", recipe.options.platform);
  add("dockerfile", recipe.dockerfile);
  add("target", recipe.options.target);
  for (const auto& [name, value] : recipe.args) {
    add("arg", name);
    add("value", value);
  }
  for (const std::string& label : recipe.options.labels) add("label", label);
  for (const image::Reference& cache : recipe.cache_from) add("cache", cache.Text());
  add("context", recipe.context.Digest());
  if (recipe.features.empty()) return hash.Finish();
  add("container user", recipe.container_user);
  add("remote user", recipe.remote_user);
  for (const Feature& feature : recipe.features) {
    add("feature", feature.id);
    if (!feature.digest.empty()) add("digest", feature.digest);
    add("name", InstallScript(feature));
    add("options", EnvironmentFile(feature));
    for (const auto& [name, value] : feature.container_env) add(name, value);
    add("metadata", feature.metadata.dump());
    add("content", feature.content.Digest());
  }
  return hash.Finish();
}

BuildOptions TakeOptions(const std::vector<std::string>& options) {
  BuildOptions taken;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::string_view option = options[i];
    const std::size_t equals = option.find('=');
    const std::string_view name = option.substr(0, equals);
    const bool switches = name == "--pull" || name == "--no-cache";
    std::string value;
    if (equals != option.npos) {
      value = option.substr(equals + 1);
    } else if (!switches && i + 1 < options.size() && !options[i + 1].starts_with("-")) {
      value = options[++i];
    }
    if (name == "--pull") taken.pull = value != "false";
    if (name == "--no-cache") taken.no_cache = value != "false";
    if (name == "--platform") taken.platform = value;
    if (name == "--target") taken.target = value;
    if (name == "--label" && !value.empty()) taken.labels.push_back(value);
  }
  return taken;
}

bool Builds(const image::DevContainer& container) {
  return container.build.has_value() || !container.features.empty();
}

Result<Recipe> ReadRecipe(const RecipeInput& input) {
  Recipe recipe{.config_file = std::string(input.config_file)};
  const image::DevContainer& container = input.container;
  AILERON_ASSIGN(const Project project, Project::Open(input.config_file, input.workspace));
  if (container.build) {
    AILERON_TRY(ReadBuild(input, project, recipe));
  } else if (!container.image.empty()) {
    recipe.dockerfile = fmt::format("FROM {}\n", container.image);
    AILERON_ASSIGN(recipe.read, ReadDockerfile(recipe.dockerfile, recipe.config_file, {}));
  } else {
    // Features alone are added to aileron's own image.
    recipe.dockerfile = BaseDockerfile();
    AILERON_ASSIGN(recipe.read, ReadDockerfile(recipe.dockerfile, recipe.config_file, {}));
  }
  recipe.container_user = container.metadata.container_user;
  recipe.remote_user = container.metadata.remote_user;
  AILERON_ASSIGN(recipe.features, ReadFeatures(container, project, input.features, input.now));
  recipe.key = KeyOf(recipe);
  return recipe;
}

}  // namespace aileron::build
