// Tested by tests/engine/test_engine_builds.py.

#include "modes/engine_build.h"

#include <utility>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/load_archive.h"
#include "launch/launch.h"
#include "modes/api.h"
#include "modes/building.h"
#include "modes/image_store.h"
#include "modes/terminal.h"

namespace aileron::modes {

namespace {

// Tags have 128 characters at most, and a key 64.
std::string TagOf(const std::string& key) { return "localhost/aileron-built:" + key; }

bool Has(engine::Engine& engine, const std::string& key) {
  const auto found = engine.Find(TagOf(key));
  if (!found) return false;
  const auto label = found->config.labels.find(std::string(engine::kImageLabel));
  return label != found->config.labels.end() && label->second == key;
}

Failure NotStarted(Failure failure) {
  return {launch::kSandboxNotStarted, std::move(failure.error)};
}

}  // namespace

std::expected<std::string, Failure> BuiltInEngine(const image::PlanInput& input, engine::Kind kind,
                                                  MayAskToBuild may_ask,
                                                  std::span<const sandbox::MountRequest> mounts) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  auto engine = engine::Engine::Connect(kind, engine::PlacesOfEnvironment(paths.home));
  if (!engine) return std::unexpected(Failure(kExitUnavailable, std::move(engine.error())));
  AILERON_ASSIGN(const image::Store store, OpenStore());
  auto wanted =
      WantedOf(paths, store, input.workspace, input.config ? input.config->path : std::string(),
               input.image, Fetching::kWhatIsMissing);
  if (!wanted) return std::unexpected(NotStarted(std::move(wanted.error())));
  if (!wanted->building) {
    return std::unexpected(Failure(
        launch::kSandboxNotStarted,
        Error{Code::kUnavailable, "the devcontainer.json changed meanwhile; launch again"}));
  }
  const std::string key = wanted->building->recipe.key;
  if (Has(*engine, key)) return TagOf(key);
  auto made = MakeImage(
      paths, store, *wanted->building,
      {.may_ask = may_ask == MayAskToBuild::kYes,
       .mounts = mounts,
       .take = [&](const image::Source& source, const image::Resolved& image) -> Status {
         PrintNote(fmt::format("loading the image into {}", engine::Name(kind)));
         AILERON_ASSIGN(auto archive, engine::LoadArchive::Make(source, image, TagOf(key), key));
         // A build takes long, and an engine closes a connection that is silent.
         AILERON_ASSIGN(auto again,
                        engine::Engine::Connect(kind, engine::PlacesOfEnvironment(paths.home)));
         return again.Load(archive);
       }});
  if (!made) return std::unexpected(NotStarted(std::move(made.error())));
  return TagOf(key);
}

}  // namespace aileron::modes
