// Tested by tests/image/test_build.py.

// aileron sandbox build: the image of the project's devcontainer.json.
#include "base/text.h"
#include "modes/api.h"
#include "modes/building.h"
#include "modes/image_store.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunBuild(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(const image::Store store, OpenStore());
  AILERON_ASSIGN(const std::string workspace, os::CurrentFolder());
  if (parsed.Has("--base") && parsed.Has("--lock")) {
    return std::unexpected(
        Failure(kExitUsage, {Code::kInvalid, "--base has no features that --lock could write of"}));
  }
  if (parsed.Has("--base") && parsed.Has("--config")) {
    return std::unexpected(
        Failure(kExitUsage, {Code::kInvalid, "--base and --config name two images; say one"}));
  }
  AILERON_ASSIGN(Wanted wanted, WantedOf(paths, store, workspace, parsed.Value("--config"),
                                         parsed.Has("--base") ? "base" : "",
                                         parsed.Has("--no-cache") || parsed.Has("--lock")
                                             ? Fetching::kAgain
                                             : Fetching::kWhatIsMissing,
                                         parsed.Has("--lock")  ? Lock::kIgnored
                                         : parsed.Has("--yes") ? Lock::kAgreed
                                                               : Lock::kAskedAbout));
  if (!wanted.building) {
    const std::string file = Printable(wanted.config_file);
    return std::unexpected(
        Failure(kExitConfiguration,
                {Code::kInvalid,
                 wanted.config_file.empty()
                     ? "this folder has no devcontainer.json; \"aileron sandbox init\" writes one"
                     : fmt::format("{} has nothing to build: {}", file, wanted.tier.why)}));
  }
  Building& building = *wanted.building;
  AILERON_ASSIGN(const build::Made made, MakeImage(paths, store, building,
                                                   {.builder = parsed.Value("--builder"),
                                                    .no_cache = parsed.Has("--no-cache"),
                                                    .quiet = parsed.Has("--quiet"),
                                                    .agreed = parsed.Has("--yes")}));
  if (parsed.Has("--lock")) AILERON_TRY(WriteLock(paths, building));
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"reference", building.name.Text()},
                              {"key", building.recipe.key},
                              {"digest", made.image.digest.Text()},
                              {"layers", made.image.layers.size()},
                              {"built", !made.was_there}})));
  } else {
    AILERON_TRY(Print(building.name.Text() + "\n"));
    if (!parsed.Has("--quiet")) {
      PrintNote(made.was_there ? "it was built already, and nothing has changed"
                               : "it is built now");
    }
  }
  return 0;
}

}  // namespace

Command SandboxBuildCommand() {
  return {
      .name = "build",
      .summary = "Build the image of this folder's devcontainer.json",
      .text =
          "A builder of this machine (buildah, podman or docker) builds what the file names, and "
          "the "
          "image goes into the store. It is called by what it is built from: as long as the "
          "Dockerfile, the files of its context that .dockerignore leaves, arguments and features "
          "are the same, nothing is built again, and no builder is needed. Prints the image's "
          "name, as --image takes it.\n\n"
          "What a project has built runs with this machine's network, so you are asked before, and "
          "again when any of it has changed.\n\n"
          "--base is the image that --image base means: Debian with git, curl, python3, node, "
          "ripgrep "
          "and what else agents use. aileron itself is not in it; each launch mounts it.",
      .flags = {{"--config",
                 "FILE",
                 "The devcontainer.json, where the folder has several or none",
                 Repeat::kOnce,
                 {},
                 Completes::kFile},
                {"--base", "", "Build aileron's own image, \"base\", instead"},
                {"--builder", "NAME", "Which builder", Repeat::kOnce, build::kBuilderNames},
                {"--no-cache", "", "Build all of it again, also what has not changed"},
                {"--lock", "",
                 "Take the features that there are now, and write which ones into "
                 "devcontainer-lock.json"},
                {"--yes", "", "Build it without a question"},
                {.name = "--quiet",
                 .value = "",
                 .summary = "Show the builder's lines only when it fails",
                 .letter = "-q"},
                kJsonFlag},
      .examples = {{"aileron sandbox build --base", "The image of \"aileron launch --image base\""},
                   {"aileron sandbox build", "The project that we are in"},
                   {"aileron launch --image \"$(aileron sandbox build)\" -- claude",
                    "An agent in what it builds"}},
      .run = RunBuild};
}

}  // namespace aileron::modes
