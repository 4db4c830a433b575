#include "build/recipe.h"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "build/fields.h"
#include "build/limits.h"
#include "image/permissions.h"
#include "image/platform.h"
#include "os/beneath.h"

namespace aileron::build {
namespace {

// Raised when what a builder is given for the same recipe changes.
constexpr std::string_view kVersion = "aileron build 1";
constexpr std::string_view kIgnoreFile = ".dockerignore";

// The folder that all must lie in.
class Project {
 public:
  static Result<Project> Open(const RecipeInput& input) {
    Project project;
    project.config_folder_ = input.config_file.substr(0, input.config_file.rfind('/'));
    if (project.config_folder_.empty()) project.config_folder_ = "/";
    const bool ours = image::IsWithin(input.config_file, input.workspace);
    project.path_ = ours ? std::string(input.workspace) : project.config_folder_;
    project.folder_ = os::Fd(open(project.path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!project.folder_) return os::FailErrno("cannot open {}", Printable(project.path_));
    return project;
  }

  // A path of the file, as it is written, as an absolute one.
  Result<std::string> Place(std::string_view written, std::string_view what) const {
    std::string place = image::PlainPath(
        written.starts_with('/') ? written : fmt::format("{}/{}", config_folder_, written));
    if (image::IsWithin(place, path_)) return place;
    return Fail(Code::kInvalid,
                "{} is {}, outside of the project {}: what is built lies in the project", what,
                Printable(place), Printable(path_));
  }
  // An absolute path in it, from its folder.
  std::string Relative(std::string_view place) const {
    const std::size_t root = path_ == "/" ? 1 : path_.size() + 1;
    return place.size() <= path_.size() ? "." : std::string(place.substr(root));
  }

  Result<std::string> Read(std::string_view place, std::size_t limit) const {
    auto text = os::ReadBeneath(folder_, Relative(place), limit);
    if (text || text.error().code == Code::kNotFound) return text;
    return Wrap(std::move(text.error()), "{} has to be a file of the project, no link",
                Printable(place));
  }
  Result<os::Fd> OpenFolder(std::string_view place, std::string_view what) const {
    auto folder = os::OpenBeneath(folder_, Relative(place), O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (folder) return folder;
    return Wrap(std::move(folder.error()), "{} has to be a folder of the project, no link", what);
  }

 private:
  std::string config_folder_, path_;
  os::Fd folder_;
};

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
  add("context", recipe.context.Digest());
  return hash.Finish();
}

}  // namespace

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
  AILERON_ASSIGN(const Project project, Project::Open(input));
  if (!input.container.features.empty()) {
    return Fail(Code::kUnsupported,
                "{}: features cannot be built yet; install what they bring in a Dockerfile",
                Printable(input.config_file));
  }
  AILERON_TRY(ReadBuild(input, project, recipe));
  recipe.key = KeyOf(recipe);
  return recipe;
}

}  // namespace aileron::build
