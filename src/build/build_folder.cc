// Tested by tests/image/test_build.py.

#include "build/build_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "build/fields.h"
#include "build/limits.h"
#include "build/run.h"
#include "image/file_lock.h"
#include "image/platform.h"
#include "image/source.h"
#include "os/beneath.h"
#include "os/paths.h"
#include "os/remove_tree.h"

namespace aileron::build {
namespace {

using image::FileLock;

constexpr std::string_view kLock = ".lock";
constexpr std::size_t kKeySize = 64;
constexpr std::size_t kIdFileMax = 1'024;
constexpr unsigned kMode = 0600;
constexpr std::string_view kNothingIgnored = "# What is here has been chosen.\n";

std::string LockOf(const std::string& key) { return key + std::string(kLock); }

// The file that it is built for, in short.
std::string ProjectOf(const Recipe& recipe) {
  FieldHash hash;
  hash.Add(recipe.config_file);
  return hash.Finish().substr(0, 16);
}
// By which the builder's own storage knows what it built last for a file.
std::string TagOf(const Recipe& recipe) {
  return fmt::format("localhost/aileron-build:{}", ProjectOf(recipe));
}

Status WriteFile(const std::string& path, std::string_view text) {
  const os::Fd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!file) return os::FailErrno("cannot make {}", path);
  return os::WriteAll(file.get(), text);
}

// What a builder is started for, one after the other.
struct Steps {
  const Recipe& recipe;
  const Builder& builder;
  const Making& making;
  const std::string& folder;

  Status Run(ToolRun run) const {
    run.program = builder.program;
    AILERON_ASSIGN(const ToolEnd end, RunTool(run));
    if (end.code == 0) return {};
    std::string message =
        fmt::format("\"{} {}\" failed with exit code {} for {}", Name(builder.kind), run.line[1],
                    end.code, Printable(recipe.config_file));
    if (!making.show && !end.last_lines.empty()) {
      message += fmt::format(". Its last lines:\n  {}", Join(end.last_lines, "\n  "));
    }
    return std::unexpected(Error{Code::kInvalid, std::move(message)});
  }

  // The image's id.
  Result<std::string> Build(const BuildStep& step) const {
    AILERON_TRY(Run(
        {.line = BuildLine(builder, step), .longest = limits::kBuildLongest, .show = making.show}));
    AILERON_ASSIGN(const std::string id, os::ReadFile(step.id_file, kIdFileMax));
    return ParseImageId(id);
  }

  // What the Dockerfile says, or the image that the file names.
  Result<std::string> Base() const {
    const BuildStep step{.dockerfile = folder + "/Dockerfile",
                         .context = folder + "/context",
                         .ignore_file = folder + "/Dockerfile.dockerignore",
                         .id_file = folder + "/id",
                         .tag = BaseTag(),
                         .target = recipe.options.target,
                         .platform = recipe.options.platform,
                         .args = recipe.args,
                         .cache_from = recipe.cache_from,
                         .labels = recipe.options.labels,
                         .pull = recipe.options.pull,
                         .no_cache = recipe.options.no_cache || making.no_cache};
    AILERON_TRY(WriteFile(step.dockerfile, recipe.dockerfile));
    AILERON_TRY(WriteFile(step.ignore_file, kNothingIgnored));
    AILERON_TRY(
        CopyContext(recipe.context_folder, recipe.context_name, recipe.context, step.context));
    return Build(step);
  }

  // The features on top of it.
  Result<std::string> Features(const std::string& id) const {
    const std::string facts_file = folder + "/facts";
    AILERON_TRY(Run({.line = InspectLine(builder, id),
                     .longest = limits::kInspectLongest,
                     .output = facts_file,
                     .show = making.show}));
    AILERON_ASSIGN(const std::string text, os::ReadFile(facts_file, limits::kInspectMax));
    AILERON_ASSIGN(const ImageFacts facts, ParseFacts(text));
    AILERON_ASSIGN(const FeatureBase base,
                   BaseOf(BaseTag(), facts, recipe.container_user, recipe.remote_user));
    const BuildStep step{.dockerfile = folder + "/features.Dockerfile",
                         .context = folder + "/features",
                         .ignore_file = folder + "/features.Dockerfile.dockerignore",
                         .id_file = folder + "/features-id",
                         .tag = TagOf(recipe),
                         .platform = recipe.options.platform,
                         .no_cache = recipe.options.no_cache || making.no_cache};
    AILERON_ASSIGN(const std::string dockerfile, FeaturesDockerfile(base, recipe.features));
    AILERON_TRY(WriteFile(step.dockerfile, dockerfile));
    AILERON_TRY(WriteFile(step.ignore_file, kNothingIgnored));
    if (mkdir(step.context.c_str(), 0755) != 0)
      return os::FailErrno("cannot make {}", step.context);
    AILERON_TRY(
        WriteFile(fmt::format("{}/{}", step.context, kBuiltinFile), BuiltinEnvironment(base)));
    for (std::size_t i = 0; i < recipe.features.size(); ++i) {
      const Feature& feature = recipe.features[i];
      const std::string place = fmt::format("{}/{}", step.context, FolderOf(feature, i));
      AILERON_TRY(CopyContext(feature.folder, feature.place, feature.content, place));
      AILERON_TRY(WriteFile(place + "/devcontainer-features.env", EnvironmentFile(feature)));
      AILERON_TRY(WriteFile(place + "/devcontainer-features-install.sh", InstallScript(feature)));
    }
    return Build(step);
  }

  std::string BaseTag() const {
    return recipe.features.empty() ? TagOf(recipe) : TagOf(recipe) + "-base";
  }
};

}  // namespace

Result<BuildFolder> BuildFolder::Open(const std::string& path) {
  AILERON_TRY(os::MakePrivateFolder(path));
  return BuildFolder(path);
}

image::Reference BuildFolder::NameOf(const std::string& key) const {
  return {.transport = image::Transport::kOciArchive, .file = In(key + ".tar")};
}

Result<image::Image> BuildFolder::Find(const image::Store& store, const std::string& key) const {
  return store.Find(NameOf(key), image::HostPlatform());
}

// What processes left behind that were killed.
Status BuildFolder::Sweep() const {
  const os::Fd folder(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return os::FailErrno("cannot open {}", path_);
  AILERON_ASSIGN(const auto names, os::ListBeneath(folder, "."));
  for (const std::string& name : names) {
    if (name.size() != kKeySize + kLock.size() || !name.ends_with(kLock)) continue;
    AILERON_ASSIGN(auto lock, FileLock::Try(In(name), FileLock::Kind::kAlone));
    if (!lock) continue;  // it is being built
    const std::string key = name.substr(0, kKeySize);
    AILERON_TRY(os::RemoveTree(folder, key));
    (void)unlink(In(key + ".tar").c_str());
    lock->Remove();
  }
  return {};
}

Result<Made> BuildFolder::Make(const Recipe& recipe, const Builder& builder,
                               const image::Store& store, const Making& making) const {
  AILERON_TRY(Sweep());
  bool waited = false;
  const auto wait = [&](const std::string& stem) -> Result<FileLock> {
    const std::string path = In(LockOf(stem));
    AILERON_ASSIGN(auto lock, FileLock::Try(path, FileLock::Kind::kAlone));
    if (lock) return *std::move(lock);
    waited = true;
    if (making.show) making.show("another process builds this; waiting for it");
    return FileLock::Wait(path, FileLock::Kind::kAlone, limits::kOtherBuild,
                          "another process that builds this");
  };
  // First the file's, whose tags in the builder's storage are one build's at a time.
  AILERON_ASSIGN(FileLock project, wait(ProjectOf(recipe)));
  AILERON_ASSIGN(FileLock lock, wait(recipe.key));
  const auto let_go = [&] {
    lock.Remove();
    project.Remove();
  };
  if ((!making.no_cache || waited) && !making.take) {
    if (auto found = Find(store, recipe.key)) {
      let_go();
      return Made{*std::move(found), true};
    }
  }
  auto image = Work(recipe, builder, store, making);
  const Status removed = os::RemoveTree(In(recipe.key));
  (void)unlink(In(recipe.key + ".tar").c_str());
  let_go();
  if (!image) return std::unexpected(std::move(image.error()));
  AILERON_TRY(removed);
  return Made{*std::move(image), false};
}

Result<image::Image> BuildFolder::Work(const Recipe& recipe, const Builder& builder,
                                       const image::Store& store, const Making& making) const {
  const std::string folder = In(recipe.key);
  if (mkdir(folder.c_str(), 0700) != 0) return os::FailErrno("cannot make {}", folder);
  Steps steps{.recipe = recipe, .builder = builder, .making = making, .folder = folder};
  AILERON_ASSIGN(std::string id, steps.Base());
  if (!recipe.features.empty()) {
    AILERON_ASSIGN(id, steps.Features(id));
  }
  const std::string archive = folder + "/image.tar";
  AILERON_TRY(steps.Run({.line = ExportLine(builder, id, archive),
                         .longest = limits::kExportLongest,
                         .show = making.show}));
  const image::Reference name = NameOf(recipe.key);
  if (rename(archive.c_str(), name.file.c_str()) != 0) {
    return os::FailErrno("cannot rename {}", archive);
  }
  if (making.show) making.show("unpacking the image");
  image::Reference source_name = name;
  source_name.transport = ArchiveForm(builder);
  AILERON_ASSIGN(const auto source, image::OpenSource(source_name));
  if (making.take) {
    AILERON_ASSIGN(const image::Resolved built, source->Resolve(image::HostPlatform()));
    AILERON_TRY(making.take(*source, built));
  }
  return store.Add(name, *source, image::HostPlatform());
}

}  // namespace aileron::build
