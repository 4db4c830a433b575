// Tested by tests/engine/test_engine_builds.py.

#include "modes/engine_build.h"

#include <utility>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/load_archive.h"
#include "image/limits.h"
#include "launch/launch.h"
#include "modes/api.h"
#include "modes/building.h"
#include "modes/image_store.h"
#include "modes/terminal.h"

namespace aileron::modes {

namespace {

// Tags have 128 characters at most, and a key 64.
std::string TagOf(const std::string& key) { return "localhost/aileron-built:" + key; }

// What our own load of a build gave is kept by its id, where nobody but the user writes: a tag and
// a label are what anybody's archive says.
std::string RecordOf(const os::Paths& paths, engine::Kind kind, const std::string& key) {
  return fmt::format("{}/engine-builds/{}-{}", paths.state, engine::Name(kind), key);
}

// Empty where it was not loaded, or the engine has lost it.
std::string LoadedId(const os::Paths& paths, engine::Engine& engine, const std::string& key) {
  const auto id = os::ReadFile(RecordOf(paths, engine.kind(), key), image::limits::kRecordMax);
  if (!id || !image::ParseDigest(*id)) return {};
  const auto found = engine.Find(*id);
  return found && found->id == *id ? *id : std::string();
}

// `id` is the digest of the config that was sent. An engine that calls images by their manifests
// knows it by the tag alone.
Result<std::string> Keep(const os::Paths& paths, engine::Engine& engine, const std::string& key,
                         const std::string& id) {
  auto loaded = engine.Find(id);
  if (!loaded) loaded = engine.Find(TagOf(key));
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  AILERON_TRY(os::MakePrivateFolder(paths.state));
  AILERON_TRY(os::MakeFolders(paths.state + "/engine-builds", 0700));
  AILERON_TRY(os::ReplaceFile(RecordOf(paths, engine.kind(), key), loaded->id, 0600));
  return std::move(loaded->id);
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
  if (std::string id = LoadedId(paths, *engine, key); !id.empty()) return id;
  std::string loaded;
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
         AILERON_TRY(again.Load(archive));
         AILERON_ASSIGN(loaded, Keep(paths, again, key, archive.id()));
         return {};
       }});
  if (!made) return std::unexpected(NotStarted(std::move(made.error())));
  return loaded;
}

}  // namespace aileron::modes
