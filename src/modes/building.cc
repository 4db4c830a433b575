// Tested by tests/image/test_build.py.

#include "modes/building.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "base/text.h"
#include "base/ulid.h"
#include "build/base_image.h"
#include "build/feature_lock.h"
#include "build/limits.h"
#include "image/config_file.h"
#include "image/plan.h"
#include "launch/environment.h"
#include "modes/api.h"
#include "modes/container_source.h"
#include "modes/terminal.h"
#include "modes/written_folders.h"
#include "os/beneath.h"
#include "os/environment.h"
#include "os/mounts.h"
#include "trust/store.h"

namespace aileron::modes {

namespace {

// What is missing in a project is its mistake, as what is wrong.
Failure WrongProject(Error error) {
  if (error.code == Code::kNotFound) error.code = Code::kInvalid;
  return BadFile(std::move(error));
}

// Beside the file's own trust, which is in its text: a build is more than that text says.
std::string TrustedAs(const build::Recipe& recipe) {
  return recipe.config_file + std::string(trust::kBuild);
}

// The people's word for what a builder would be given.
std::string Summary(const build::Recipe& recipe, std::string_view builder) {
  std::string text =
      recipe.own
          ? fmt::format(
                "aileron's own image, \"base\", has to be built. {} would run, with this "
                "machine's network, and install programs of Debian's:\n",
                builder)
          : fmt::format("{} has an image built. {} would run, with this machine's network:\n",
                        Printable(recipe.config_file), builder);
  if (!recipe.dockerfile_name.empty()) {
    text += fmt::format("  {}\n", Printable(recipe.dockerfile_name));
  }
  for (const std::string& image : recipe.read.images) {
    text += fmt::format("  on the image {}\n", Printable(image));
  }
  for (const image::Reference& cache : recipe.cache_from) {
    text += fmt::format("  or with layers of the image {}, instead of making them\n",
                        Printable(cache.Text()));
  }
  if (!recipe.read.syntax.empty()) {
    text += fmt::format("  read by the image {}\n", Printable(recipe.read.syntax));
  }
  for (const build::Feature& feature : recipe.features) {
    text += feature.digest.empty()
                ? fmt::format("  the install.sh of {}\n", Printable(feature.place))
                : fmt::format("  the install.sh of {}, fetched as {}\n", Printable(feature.written),
                              feature.digest);
  }
  if (!recipe.context_name.empty()) {
    text += fmt::format("  with {} file{} of {} ({})\n", recipe.context.files,
                        recipe.context.files == 1 ? "" : "s", Printable(recipe.context_name),
                        Bytes(recipe.context.bytes));
  }
  return text;
}

bool CanBeAsked(bool may_ask) { return may_ask && isatty(STDIN_FILENO) != 0; }

bool Ask(std::string_view question) {
  tcflush(STDIN_FILENO, TCIFLUSH);  // what was typed before is no answer
  (void)os::WriteAll(STDERR_FILENO, fmt::format("{} [y/N] ", question));
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

// `flags` are those of "sandbox build" that say yes beforehand.
Result<bool> AskWhetherToBuild(bool may_ask, std::string_view flags) {
  if (!CanBeAsked(may_ask)) {
    return Fail(Code::kDenied,
                "nobody can be asked here. Look at what is built, and say \"aileron sandbox build "
                "{}\"",
                flags);
  }
  return Ask("Build it, as it is now?");
}

// kDenied when the person does not want it.
Status Agree(const os::Paths& paths, const build::Recipe& recipe, std::string_view builder,
             const BuildWishes& wishes) {
  // Ours is built once, and no project's.
  if (recipe.own) {
    if (wishes.agreed) return {};
    PrintNotes(Summary(recipe, builder));
    AILERON_ASSIGN(const bool yes, AskWhetherToBuild(wishes.may_ask, "--base --yes"));
    return yes ? Status() : Fail(Code::kDenied, "nothing was built");
  }
  trust::Store store(paths.state);
  AILERON_ASSIGN(const std::vector<trust::Trusted> trusted, store.List());
  const std::string name = TrustedAs(recipe);
  if (trust::Trusts(trusted, name, recipe.key)) return {};
  if (!wishes.agreed) {
    std::string summary = Summary(recipe, builder);
    const auto before = std::ranges::find(trusted, name, &trust::Trusted::path);
    if (before != trusted.end()) {
      summary += fmt::format("It is another build than the one that you agreed to ({}).\n",
                             FormatTime(before->since));
    }
    PrintNotes(summary);
    AILERON_ASSIGN(const bool yes, AskWhetherToBuild(wishes.may_ask, "--yes"));
    if (!yes) return Fail(Code::kDenied, "nothing was built");
  }
  AILERON_TRY(os::MakePrivateFolder(paths.state));
  return store.Add({.digest = recipe.key, .since = Now(), .path = name});
}

std::expected<image::SandboxPlan, Failure> PlanToBuild(
    const std::string& workspace, const std::optional<image::ConfigFile>& config,
    const std::string& image) {
  image::PlanInput input{.workspace = workspace,
                         .config = config,
                         .image = image,
                         .may_see = launch::PassedOnByDefault};
  input.local_env = HostVariables();
  auto plan = image::MakePlan(input);
  if (!plan) return std::unexpected(WrongProject(std::move(plan.error())));
  if (const image::FieldReport* refused = image::Refused(plan->reports)) {
    return std::unexpected(Failure(kExitConfiguration, RefusalOf(*plan, *refused)));
  }
  return *std::move(plan);
}

std::expected<Building, Failure> FindBuilt(const image::Store& store, std::string workspace,
                                           build::BuildFolder folder, build::Recipe recipe) {
  image::Reference name = folder.NameOf(recipe.key);
  Building building{.workspace = std::move(workspace),
                    .folder = std::move(folder),
                    .recipe = std::move(recipe),
                    .name = std::move(name),
                    .image = std::nullopt};
  auto found = building.folder.Find(store, building.recipe.key);
  if (found) {
    building.image = *std::move(found);
  } else if (found.error().code != Code::kNotFound) {
    return std::unexpected(std::move(found.error()));
  }
  return building;
}

std::expected<Building, Failure> BuildingOfBase(const os::Paths& paths, const image::Store& store,
                                                const std::string& workspace) {
  AILERON_ASSIGN(build::BuildFolder folder, build::BuildFolder::Open(paths.cache + "/builds"));
  AILERON_ASSIGN(build::Recipe recipe, build::BaseRecipe());
  return FindBuilt(store, workspace, std::move(folder), std::move(recipe));
}

// The folder of a file, by no link: the workspace is one that an agent writes in.
Result<os::Fd> FolderOf(const std::string& path) {
  AILERON_ASSIGN(const os::Fd top, os::OpenPath("/"));
  const std::size_t slash = path.rfind('/');
  return os::OpenBeneath(top, slash == 0 ? "." : path.substr(1, slash - 1),
                         O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

constexpr std::string_view kAnotherLock =
    "remove it, or write it anew with \"aileron sandbox build --lock\"";

// Empty where there is none: the folder that keeps its name from agents (launch/guard.h) is none.
Result<std::string> LockText(const std::string& path) {
  AILERON_ASSIGN(const os::Fd folder, FolderOf(path));
  const std::string name = path.substr(path.rfind('/') + 1);
  struct stat info;
  if (fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode))
    return std::string();
  auto text = os::ReadBeneath(folder, name, build::limits::kFeatureFileMax);
  if (text && text->empty())
    return Fail(Code::kInvalid, "{} is empty; {}", Printable(path), kAnotherLock);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  if (!text) {
    return Fail(Code::kInvalid, "{} cannot be read, or is a link: {}", Printable(path),
                text.error().message);
  }
  return text;
}

Status RememberLock(const os::Paths& paths, const std::string& config, std::string_view text) {
  AILERON_TRY(os::MakePrivateFolder(paths.state));
  return trust::Store(paths.state)
      .Add({.digest = trust::DigestOf(text),
            .since = Now(),
            .path = config + std::string(trust::kLock)});
}

// Before anybody is asked for what it names: a text of digests that others chose may tell by them
// what they know, or bring back a version that was left.
Status AgreeToLock(const os::Paths& paths, const std::string& config, std::string_view text,
                   Lock lock) {
  const std::string path = Printable(build::LockFileOf(config));
  AILERON_ASSIGN(const auto trusted, trust::Store(paths.state).List());
  if (lock == Lock::kShown ||
      trust::Trusts(trusted, config + std::string(trust::kLock), trust::DigestOf(text))) {
    return {};
  }
  if (lock != Lock::kAgreed) {
    if (!CanBeAsked(lock == Lock::kAskedAbout)) {
      return Fail(Code::kDenied,
                  "nobody agreed to {} as it is now, and nothing that it names is fetched. Look at "
                  "it, and say \"aileron sandbox build\", or \"aileron sandbox build --yes\" where "
                  "nobody can be asked",
                  path);
    }
    PrintNotes(
        fmt::format("{} says which versions of the features come. Nobody agreed to it as it "
                    "is now.\n",
                    path));
    if (!Ask("Go by it?")) return Fail(Code::kDenied, "nothing was fetched");
  }
  return RememberLock(paths, config, text);
}

// An empty one where there is none.
Result<build::FeatureLock> ReadLock(const os::Paths& paths, const std::string& config, Lock lock) {
  const std::string path = build::LockFileOf(config);
  AILERON_ASSIGN(const std::string text, LockText(path));
  if (text.empty()) return build::FeatureLock();
  auto read = build::FeatureLock::Parse(text, path);
  if (!read) return Fail(read.error().code, "{}; {}", read.error().message, kAnotherLock);
  AILERON_TRY(AgreeToLock(paths, config, text, lock));
  return read;
}

std::expected<Building, Failure> BuildingOf(const os::Paths& paths, const image::Store& store,
                                            const std::string& workspace,
                                            const image::DevContainer& container, Fetching fetching,
                                            Lock lock) {
  AILERON_ASSIGN(FeatureFetch fetch,
                 FeatureFetch::Open(paths, store, fetching, WrittenFolders(workspace)));
  auto locked = lock == Lock::kIgnored ? Result<build::FeatureLock>(build::FeatureLock())
                                       : ReadLock(paths, container.file, lock);
  if (!locked) return std::unexpected(WrongProject(std::move(locked.error())));
  build::LockedSource features(fetch, *locked);
  AILERON_ASSIGN(build::BuildFolder folder, build::BuildFolder::Open(paths.cache + "/builds"));
  auto recipe = build::ReadRecipe({.container = container,
                                   .config_file = container.file,
                                   .workspace = workspace,
                                   .cache = folder.path(),
                                   .features = features,
                                   .now = Now()});
  if (!recipe) return std::unexpected(WrongProject(std::move(recipe.error())));
  return FindBuilt(store, workspace, std::move(folder), *std::move(recipe));
}

}  // namespace

std::expected<Wanted, Failure> WantedOf(const os::Paths& paths, const image::Store& store,
                                        const std::string& workspace, const std::string& config,
                                        const std::string& image, Fetching fetching, Lock lock) {
  auto file = image::FindConfig(workspace, config);
  if (!file) return std::unexpected(WrongProject(std::move(file.error())));
  AILERON_ASSIGN(const image::SandboxPlan plan, PlanToBuild(workspace, *file, image));
  Wanted wanted{.tier = plan.tier, .config_file = plan.container.file, .building = std::nullopt};
  if (plan.tier.tier == image::Tier::kBase) {
    AILERON_ASSIGN(wanted.building, BuildingOfBase(paths, store, workspace));
  } else if (IsBuilt(plan)) {
    AILERON_ASSIGN(wanted.building,
                   BuildingOf(paths, store, workspace, plan.container, fetching, lock));
  }
  return wanted;
}

Status WriteLock(const os::Paths& paths, const Building& building) {
  const std::string& config = building.recipe.config_file;
  const std::string path = build::LockFileOf(config);
  const std::string name = path.substr(path.rfind('/') + 1);
  // A name that nobody has: a killed one's stays, and is nobody's that stood there.
  const std::string fresh = fmt::format(".{}.{}.new", name, Ulid::Make(Now()).ToString());
  AILERON_ASSIGN(const os::Fd folder, FolderOf(path));
  const os::Fd file(openat(folder.get(), fresh.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return os::FailErrno("cannot create {}", Printable(path));
  const std::string text = build::LockTextOf(building.recipe.features);
  Status written = os::WriteAll(file.get(), text);
  if (written && renameat(folder.get(), fresh.c_str(), folder.get(), name.c_str()) != 0)
    written = os::FailErrno("cannot write {}", Printable(path));
  if (!written) {
    (void)unlinkat(folder.get(), fresh.c_str(), 0);
    return written;
  }
  return RememberLock(paths, config, text);
}

std::expected<build::Made, Failure> MakeImage(const os::Paths& paths, const image::Store& store,
                                              Building& building, const BuildWishes& wishes) {
  if (building.image && !wishes.no_cache && !wishes.take)
    return build::Made{*std::move(building.image), true};
  std::vector<std::string> projects = WrittenFolders(building.workspace, wishes.mounts);
  const std::string& file = building.recipe.config_file;
  if (!building.recipe.own) {
    std::ranges::move(WrittenFolders(file.substr(0, file.rfind('/'))),
                      std::back_inserter(projects));
  }
  AILERON_ASSIGN(const build::Builder builder,
                 build::FindBuilder(wishes.builder, os::Variable("PATH"), projects));
  AILERON_TRY(Agree(paths, building.recipe, build::Name(builder.kind), wishes));
  build::Making making{.no_cache = wishes.no_cache, .show = {}, .take = wishes.take};
  if (!wishes.quiet) {
    making.show = [](std::string_view line) {
      (void)os::WriteAll(STDERR_FILENO, fmt::format("{}\n", line));
    };
  }
  auto made = building.folder.Make(building.recipe, builder, store, making);
  // What the project has built is wrong, not the command line.
  if (!made && made.error().code == Code::kInvalid) {
    return std::unexpected(Failure(kExitFailure, std::move(made.error())));
  }
  if (!made) return std::unexpected(std::move(made.error()));
  return *std::move(made);
}

}  // namespace aileron::modes
