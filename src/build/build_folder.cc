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

std::string LockOf(const std::string& key) { return key + std::string(kLock); }

// By which the builder's own storage knows what it built last for a file.
std::string TagOf(const Recipe& recipe) {
  FieldHash hash;
  hash.Add(recipe.config_file);
  return fmt::format("localhost/aileron-build:{}", hash.Finish().substr(0, 16));
}

Status RunStep(const std::vector<std::string>& line, Duration longest, const Recipe& recipe,
               const Making& making) {
  AILERON_ASSIGN(const ToolEnd end,
                 RunTool({.line = line, .longest = longest, .show = making.show}));
  if (end.code == 0) return {};
  std::string message = fmt::format("\"{} {}\" failed with exit code {} for {}",
                                    line[0].substr(line[0].rfind('/') + 1), line[1], end.code,
                                    Printable(recipe.config_file));
  if (!making.show && !end.last_lines.empty()) {
    message += fmt::format(". Its last lines:\n  {}", Join(end.last_lines, "\n  "));
  }
  return std::unexpected(Error{Code::kInvalid, std::move(message)});
}

Status WriteFile(const std::string& path, std::string_view text) {
  const os::Fd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!file) return os::FailErrno("cannot make {}", path);
  return os::WriteAll(file.get(), text);
}

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
  const std::string lock_path = In(LockOf(recipe.key));
  AILERON_ASSIGN(auto lock, FileLock::Try(lock_path, FileLock::Kind::kAlone));
  const bool waited = !lock;
  if (waited) {
    if (making.show) making.show("another process builds the same; waiting for it");
    AILERON_ASSIGN(lock, FileLock::Wait(lock_path, FileLock::Kind::kAlone, limits::kOtherBuild,
                                        "another process that builds the same"));
  }
  if (!making.no_cache || waited) {
    if (auto found = Find(store, recipe.key)) {
      lock->Remove();
      return Made{*std::move(found), true};
    }
  }
  auto image = Work(recipe, builder, store, making);
  const Status removed = os::RemoveTree(In(recipe.key));
  (void)unlink(In(recipe.key + ".tar").c_str());
  lock->Remove();
  if (!image) return std::unexpected(std::move(image.error()));
  AILERON_TRY(removed);
  return Made{*std::move(image), false};
}

Result<image::Image> BuildFolder::Work(const Recipe& recipe, const Builder& builder,
                                       const image::Store& store, const Making& making) const {
  const std::string folder = In(recipe.key);
  if (mkdir(folder.c_str(), 0700) != 0) return os::FailErrno("cannot make {}", folder);
  const BuildStep step{.dockerfile = folder + "/Dockerfile",
                       .context = folder + "/context",
                       .ignore_file = folder + "/ignore",
                       .id_file = folder + "/id",
                       .tag = TagOf(recipe),
                       .target = recipe.options.target,
                       .platform = recipe.options.platform,
                       .args = recipe.args,
                       .labels = recipe.options.labels,
                       .pull = recipe.options.pull,
                       .no_cache = recipe.options.no_cache || making.no_cache};
  AILERON_TRY(WriteFile(step.dockerfile, recipe.dockerfile));
  AILERON_TRY(WriteFile(step.ignore_file, "# What is here has been chosen.\n"));
  AILERON_TRY(
      CopyContext(recipe.context_folder, recipe.context_name, recipe.context, step.context));
  AILERON_TRY(RunStep(BuildLine(builder, step), limits::kBuildLongest, recipe, making));
  AILERON_ASSIGN(const std::string id_text, os::ReadFile(step.id_file, kIdFileMax));
  AILERON_ASSIGN(const std::string id, ParseImageId(id_text));
  const std::string archive = folder + "/image.tar";
  AILERON_TRY(RunStep(ExportLine(builder, id, archive), limits::kExportLongest, recipe, making));
  const image::Reference name = NameOf(recipe.key);
  if (rename(archive.c_str(), name.file.c_str()) != 0) {
    return os::FailErrno("cannot rename {}", archive);
  }
  if (making.show) making.show("unpacking the image");
  image::Reference source_name = name;
  source_name.transport = ArchiveForm(builder);
  AILERON_ASSIGN(const auto source, image::OpenSource(source_name));
  return store.Add(name, *source, image::HostPlatform());
}

}  // namespace aileron::build
