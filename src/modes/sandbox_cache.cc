// Tested by tests/image/test_store.py.

// aileron sandbox pull, cache: images are added to the store, listed and removed.
#include "base/text.h"
#include "modes/api.h"
#include "modes/feature_fetch.h"
#include "modes/image_store.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "sandbox/spec.h"

namespace aileron::modes {

namespace {

constexpr std::size_t kShortDigest = 12;

Outcome RunPull(const Invocation& invocation) {
  AILERON_ASSIGN(const image::Reference reference, ReferenceOf(invocation.parsed.arguments.at(0)));
  AILERON_ASSIGN(const image::Store store, OpenStore());
  AILERON_ASSIGN(
      const FoundImage found,
      FindOrAdd(store, reference,
                {.ask = Ask::kAgain, .plain_http = invocation.parsed.Has("--plain-http")}));
  const image::Image& image = found.image;
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"reference", image.reference},
                              {"digest", image.digest.Text()},
                              {"layers", image.layers.size()},
                              {"added", !found.was_there}})));
  } else {
    AILERON_TRY(Print(image.digest.Text() + "\n"));
    PrintNote(fmt::format("{} {}", image.reference,
                          found.was_there ? "was there already" : "is there now"));
  }
  return 0;
}

Json ToJson(const image::StoredImage& image) {
  Json names = Json::array();
  for (const std::string& name : image.names) names.push_back(name);
  return {{"digest", image.digest.Text()},
          {"names", names},
          {"bytes", image.bytes},
          {"layers", image.layers},
          {"added", FormatTime(image.added)},
          {"used", FormatTime(image.used)},
          {"in_use", image.in_use}};
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(const image::Store store, OpenStore());
  AILERON_ASSIGN(const auto images, store.List());
  Json list = Json::array();
  Grid grid({"DIGEST", "SIZE", "USED", "IN USE", "NAMES"});
  for (const image::StoredImage& image : images) {
    list.push_back(ToJson(image));
    grid.Add({image.digest.hex.substr(0, kShortDigest), Bytes(image.bytes),
              LocalTime(list.back(), "used"), image.in_use ? "yes" : "", Join(image.names, " ")});
  }
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(list)));
  } else if (images.empty()) {
    PrintNote(fmt::format("no image is in {}", store.folder()));
  } else {
    PrintGrid(grid);
  }
  return 0;
}

Outcome PrintCollected(const Invocation& invocation, const image::Collected& collected) {
  if (invocation.parsed.Has("--json")) {
    Json images = Json::array();
    for (const image::Digest& digest : collected.images) images.push_back(digest.Text());
    AILERON_TRY(Print(
        Pretty({{"images", images}, {"layers", collected.layers}, {"bytes", collected.bytes}})));
    return 0;
  }
  for (const image::Digest& digest : collected.images) {
    AILERON_TRY(Print(digest.Text() + "\n"));
  }
  PrintNote(fmt::format("{} image{} and {} layer{} removed, {}", collected.images.size(),
                        collected.images.size() == 1 ? "" : "s", collected.layers,
                        collected.layers == 1 ? "" : "s", Bytes(collected.bytes)));
  return 0;
}

// By the words as they are listed, or as they would be written for "pull".
Result<image::Collected> RemoveOne(const image::Store& store, const std::string& name) {
  auto removed = store.Remove(name);
  if (removed || removed.error().code != Code::kNotFound) return removed;
  const auto reference = ReferenceOf(name);
  if (reference && reference->Text() != name) return store.Remove(reference->Text());
  return removed;
}

Outcome RunClear(const Invocation& invocation) {
  AILERON_ASSIGN(const image::Store store, OpenStore());
  if (invocation.parsed.arguments.empty()) {
    AILERON_ASSIGN(const auto collected,
                   store.Collect({.bytes = 0, .unused_for = Duration(-1)}, Now()));
    AILERON_ASSIGN(const os::Paths paths, Paths());
    AILERON_ASSIGN(const auto features, build::FeatureStore::Open(FeatureFolder(paths)));
    AILERON_TRY(features.Clear());
    return PrintCollected(invocation, collected);
  }
  image::Collected all;
  for (const std::string& name : invocation.parsed.arguments) {
    AILERON_ASSIGN(const image::Collected one, RemoveOne(store, name));
    all.images.insert(all.images.end(), one.images.begin(), one.images.end());
    all.layers += one.layers;
    all.bytes += one.bytes;
  }
  return PrintCollected(invocation, all);
}

Outcome RunGc(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  image::Bounds bounds;
  if (parsed.Has("--max-size")) {
    auto bytes = sandbox::ParseBytes(parsed.Value("--max-size"));
    if (!bytes) return std::unexpected(Failure(kExitUsage, std::move(bytes).error()));
    bounds.bytes = *bytes;
  }
  if (parsed.Has("--unused-for")) {
    auto age = ParseDuration(parsed.Value("--unused-for"));
    if (!age) return std::unexpected(Failure(kExitUsage, std::move(age).error()));
    bounds.unused_for = *age;
  }
  AILERON_ASSIGN(const image::Store store, OpenStore());
  AILERON_ASSIGN(const auto collected, store.Collect(bounds, Now()));
  return PrintCollected(invocation, collected);
}

}  // namespace

Command SandboxPullCommand() {
  return {
      .name = "pull",
      .summary = "Add an image to the store",
      .text =
          "Fetches and unpacks an image, so that sandboxes start from it at once. REF is one of a "
          "registry (debian:12, ghcr.io/team/app@sha256:…), oci:FOLDER[:NAME|@DIGEST], "
          "oci-archive:FILE[:NAME|@DIGEST], docker-archive:FILE[:REFERENCE], or what a local "
          "engine has: docker-daemon:NAME, podman:NAME. What is there already is not read again; "
          "what a tag means is asked anew. Prints the image's digest.\n\n"
          "Logins are those of \"docker login\" and \"podman login\", helpers too. Mirrors, "
          "registries without TLS and authorities of your own stand in registries.yaml beside your "
          "policy. The proxy of HTTPS_PROXY and NO_PROXY is heeded. A pull that is cut goes on "
          "where it was.",
      .flags = {{"--plain-http", "",
                 "Speak to REF's registry without TLS: anybody on the way may "
                 "change what comes"},
                kJsonFlag},
      .arguments = {{"REF", "Which image"}},
      .examples = {{"aileron sandbox pull debian:12", "An image of Docker Hub"},
                   {"aileron sandbox pull oci:./image:12",
                    "The image named 12 in the OCI layout \"image\""}},
      .run = RunPull};
}

Command SandboxCacheCommand() {
  return {
      .name = "cache",
      .summary = "List and remove images of the store",
      .commands = {
          {.name = "list",
           .summary = "List images, the latest used first",
           .text = "A size counts all layers of an image, those that others share too.",
           .flags = {kJsonFlag},
           .run = RunList},
          {.name = "clear",
           .summary = "Remove images, all that are not in use or those that are named",
           .text =
               "What a sandbox runs stays. All also means the features of devcontainers that were "
               "fetched. Of an image with several names only the one goes that "
               "is named.",
           .flags = {kJsonFlag},
           .arguments = {{"IMAGE", "A name, a digest, or the first digits of one", Arity::kAny}},
           .run = RunClear},
          {.name = "gc",
           .summary = "Remove images that were not used for long, and what belongs to none",
           .text =
               "Then those that were used longest ago, until the rest fits. What a sandbox runs "
               "stays.",
           .flags = {{"--max-size", "SIZE", "What may stay, such as 5g; 20g if not said"},
                     {"--unused-for", "DURATION", "How long unused, such as 2d; 30d if not said"},
                     kJsonFlag},
           .run = RunGc}}};
}

}  // namespace aileron::modes
