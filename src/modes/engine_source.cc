// Tested by tests/image/test_engine_images.py.

#include "modes/engine_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "base/text.h"
#include "build/builder.h"
#include "engine/engine.h"
#include "engine/podman_service.h"
#include "modes/api.h"
#include "modes/terminal.h"
#include "os/environment.h"
#include "os/mounts.h"

namespace aileron::modes {

namespace {

using image::Reference;

engine::Kind KindOf(const Reference& reference) {
  return reference.transport == image::Transport::kDockerDaemon ? engine::Kind::kDocker
                                                                : engine::Kind::kPodman;
}

// Before the engine, for it serves on a socket of it.
struct Reached {
  std::optional<engine::PodmanService> service;
  std::optional<engine::Engine> engine;
};

// Podman needs no service of the user's: its program brings one.
Result<Reached> Reach(const Reference& reference, std::span<const std::string> projects) {
  const auto paths = Paths();
  if (!paths) return std::unexpected(paths.error().error);
  engine::Places places = engine::PlacesOfEnvironment(paths->home);
  const engine::Kind kind = KindOf(reference);
  Reached reached;
  auto engine = engine::Engine::Connect(kind, places);
  const bool silent = !engine && (engine.error().code == Code::kNotFound ||
                                  engine.error().code == Code::kUnavailable);
  if (silent && kind == engine::Kind::kPodman && places.container_host.empty()) {
    const auto podman = build::FindBuilder("podman", os::Variable("PATH"), projects);
    if (!podman) return Wrap(std::move(engine.error()), "{}", podman.error().message);
    AILERON_ASSIGN(auto service,
                   engine::PodmanService::Start({podman->program, podman->called}, paths->runtime));
    reached.service.emplace(std::move(service));
    places.container_host = reached.service->url();
    engine = engine::Engine::Connect(kind, places);
  }
  if (!engine) return std::unexpected(std::move(engine.error()));
  reached.engine.emplace(*std::move(engine));
  return reached;
}

Error NotThere(const Reference& reference, Error error) {
  const std::string_view name = engine::Name(KindOf(reference));
  // Nobody else knows an id.
  if (reference.tag.empty() && (!reference.digest || reference.IsEngineId())) {
    return {Code::kNotFound,
            fmt::format("{}. \"{} image ls\" shows the ids that it has", error.message, name)};
  }
  return {
      Code::kNotFound,
      fmt::format("{}. \"{} pull {}\" gets it; without \"{}:\" it is asked of its registry",
                  error.message, name, reference.NameInEngine(), image::Name(reference.transport))};
}

Result<image::Image> Export(const image::Store& store, const Reference& reference,
                            engine::Engine& engine, const engine::EngineImage& found) {
  const os::Fd file(
      open(store.PartialFolder().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return os::FailErrno("cannot make a file in {}", store.PartialFolder());
  PrintNote(fmt::format("{} exports {}", engine::Name(engine.kind()), Printable(reference.Text())));
  AILERON_TRY(engine.Export(found.id, file.get(), image::limits::kExportMax));
  const std::string itself = fmt::format("/proc/self/fd/{}", file.get());
  os::Fd reading(open(itself.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reading) return os::FailErrno("cannot read what {} has exported", Name(engine.kind()));
  AILERON_ASSIGN(const auto source,
                 image::OpenExport(std::move(reading), reference.Text(), found.id));
  return store.Add(reference, *source, image::HostPlatform());
}

}  // namespace

std::expected<FoundImage, Failure> FindOrExport(const image::Store& store,
                                                const Reference& reference,
                                                const PullOptions& options) {
  auto stored = store.Find(reference, image::HostPlatform());
  if (stored && reference.IsPinned()) return FoundImage{*std::move(stored), true};
  auto reached = Reach(reference, options.projects);
  if (!reached && (!stored || options.ask == Ask::kAgain)) {
    return std::unexpected(Failure(kExitUnavailable, std::move(reached.error())));
  }
  if (!reached) {
    PrintNote(fmt::format("{}. The launch goes on with what {} was when it was read last",
                          reached.error().message, Printable(reference.Text())));
    return FoundImage{*std::move(stored), true};
  }
  engine::Engine& engine = *reached->engine;
  auto found = engine.Find(reference.NameInEngine());
  if (!found && found.error().code == Code::kNotFound) {
    return std::unexpected(NotThere(reference, std::move(found.error())));
  }
  if (!found) return std::unexpected(std::move(found.error()));
  if (reference.IsEngineId() && found->id != reference.digest->Text()) {
    return std::unexpected(
        Error{Code::kInvalid,
              fmt::format("{} answers with the image {} for {}", engine::Name(engine.kind()),
                          Printable(found->id), Printable(reference.Text()))});
  }
  if (stored && store.Stamp(reference).value_or("") == found->id) {
    return FoundImage{*std::move(stored), true};
  }
  // It may have come by another name.
  if (const auto id = image::ParseDigest(found->id)) {
    auto named = store.AddName(reference, *id, found->id);
    if (named) return FoundImage{*std::move(named), true};
    if (named.error().code != Code::kNotFound) return std::unexpected(std::move(named.error()));
  }
  AILERON_ASSIGN(image::Image added, Export(store, reference, engine, *found));
  return FoundImage{std::move(added), false};
}

EngineFacts FactsOf(const Reference& reference) {
  const auto paths = Paths();
  const std::string_view name = engine::Name(KindOf(reference));
  if (!paths) return {.from = std::string(name), .id = {}};
  std::optional<image::Store> store;
  if (os::IsFolder(paths->cache + "/images")) {
    if (auto opened = OpenStore()) store = *std::move(opened);
  }
  const bool stored = store && store->Find(reference, image::HostPlatform()).has_value();
  auto engine =
      engine::Engine::Connect(KindOf(reference), engine::PlacesOfEnvironment(paths->home));
  if (!engine) {
    return {.from = fmt::format("{}, which does not listen{}", name,
                                stored ? "" : " now, and the store has no image of it"),
            .id = {},
            .stored = stored};
  }
  EngineFacts facts{
      .from = fmt::format("{} {} ({})", name, engine->version(), engine->endpoint().socket),
      .id = {}};
  const auto found = engine->Find(reference.NameInEngine());
  if (!found) {
    facts.from += found.error().code == Code::kNotFound ? ", which has no such image"
                                                        : ", which does not answer";
    return facts;
  }
  facts.id = found->id;
  facts.stored =
      stored && (reference.IsEngineId() || store->Stamp(reference).value_or("") == found->id);
  return facts;
}

}  // namespace aileron::modes
