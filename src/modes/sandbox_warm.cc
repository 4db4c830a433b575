// Tested by tests/image/test_warm.py.

// aileron sandbox warm: what a launch of this folder needs is there before somebody waits for it.
#include "base/text.h"
#include "modes/api.h"
#include "modes/building.h"
#include "modes/image_store.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunWarm(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(const image::Store store, OpenStore());
  AILERON_ASSIGN(const std::string workspace, os::CurrentFolder());
  AILERON_ASSIGN(Wanted wanted, WantedOf(paths, store, workspace, parsed.Value("--config"),
                                         parsed.Value("--image"), Fetching::kWhatIsMissing,
                                         parsed.Has("--yes") ? Lock::kAgreed : Lock::kAskedAbout));
  std::string reference;
  bool was_there = true;
  if (wanted.building) {
    AILERON_ASSIGN(const build::Made made,
                   MakeImage(paths, store, *wanted.building,
                             {.quiet = parsed.Has("--quiet"), .agreed = parsed.Has("--yes")}));
    reference = wanted.building->name.Text();
    was_there = made.was_there;
  } else if (!wanted.tier.image.empty()) {
    AILERON_ASSIGN(const image::Reference named, ReferenceOf(wanted.tier.image));
    AILERON_ASSIGN(const FoundImage found, FindOrAdd(store, named));
    reference = found.image.reference;
    was_there = found.was_there;
  }
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"tier", image::Name(wanted.tier.tier)},
                              {"reference", reference},
                              {"was_there", was_there}})));
  } else if (!parsed.Has("--quiet")) {
    PrintNote(reference.empty() ? fmt::format("nothing has to be made ready: {}", wanted.tier.why)
                                : fmt::format("{} {}", Printable(reference),
                                              was_there ? "was there already" : "is there now"));
  }
  return 0;
}

}  // namespace

Command SandboxWarmCommand() {
  return {.name = "warm",
          .summary = "Make ready what a launch of this folder needs",
          .text =
              "Pulls the image that its devcontainer.json or --image names, or builds it, so that "
              "the next launch starts at once. What is there already is left as it is.",
          .flags = {{"--config",
                     "FILE",
                     "The devcontainer.json, where the folder has several or none",
                     Repeat::kOnce,
                     {},
                     Completes::kFile},
                    {"--image", "REF", "This image instead of the file's"},
                    {"--yes", "", "Build without a question"},
                    {.name = "--quiet",
                     .value = "",
                     .summary = "Say nothing but what fails",
                     .letter = "-q"},
                    kJsonFlag},
          .run = RunWarm};
}

}  // namespace aileron::modes
