// Tested by tests/engine/test_engines.py.

#include "modes/engine_image.h"

#include "base/below.h"
#include "base/text.h"
#include "image/permissions.h"
#include "modes/api.h"
#include "modes/image_store.h"
#include "modes/terminal.h"
#include "sandbox/enter.h"

namespace aileron::modes {

namespace {

// What only this program reads; an engine takes names.
bool IsFile(std::string_view reference) {
  for (const std::string_view transport : {"oci:", "oci-archive:", "docker-archive:"}) {
    if (reference.starts_with(transport)) return true;
  }
  return false;
}

// As whom the engine pulls; empty: as nobody.
Result<Secret> LoginFor(const engine::Engine& engine, std::string_view reference,
                        const launch::Options& launch) {
  const auto parsed = image::ParseReference(reference);
  if (!parsed || parsed->transport != image::Transport::kRegistry) return Secret();
  // Podman completes a name by settings of its own, and so it is not known whose login is wanted.
  const bool complete = reference.starts_with(parsed->domain + "/");
  if (engine.kind() == engine::Kind::kPodman && !complete) return Secret();
  const auto paths = Paths();
  const auto store = OpenStore();
  if (!paths) return std::unexpected(paths.error().error);
  if (!store) return std::unexpected(store.error().error);
  const auto options =
      RegistryOptions(*paths, *store, WrittenFolders(launch.workspace, launch.mounts));
  if (!options) return std::unexpected(options.error().error);
  PrintNote(fmt::format("asking {} whether it wants a login", Printable(parsed->domain)));
  using Tokens = registry::Repository::Tokens;
  return registry::EngineLogin(*parsed, *options,
                               engine.takes_tokens() ? Tokens::kTaken : Tokens::kNotTaken);
}

Result<engine::EngineImage> FindOrPull(engine::Engine& engine, std::string_view reference,
                                       const launch::Options& launch) {
  auto found = engine.Find(reference);
  if (found || found.error().code != Code::kNotFound) return found;
  if (reference.starts_with("sha256:")) return found;  // an id, which no registry knows
  PrintNote(fmt::format("{} has no image {}, and pulls it", engine::Name(engine.kind()),
                        Printable(reference)));
  AILERON_ASSIGN(const Secret login, LoginFor(engine, reference, launch));
  std::string last;
  AILERON_TRY(engine.Pull(reference, login, [&last](std::string_view line) {
    if (line != last) PrintNote(line);
    last = line;
  }));
  return engine.Find(reference);
}

// An engine makes what they stand on, also where the workspace is shown until the sandbox is built.
Status CheckVolumes(const engine::EngineImage& found) {
  for (const std::string& volume : found.config.volumes) {
    const std::string plain = image::PlainPath(volume);
    if (!IsOrBelow(plain, sandbox::kEntryFolder) && !IsOrBelow(sandbox::kEntryFolder, plain)) {
      continue;
    }
    return Fail(Code::kInvalid, "the image has a volume at {}, where the sandbox comes in",
                Printable(volume));
  }
  return {};
}

// The name by which the engine knows it; what names another place is refused.
Result<std::string> NameFor(engine::Kind kind, std::string_view reference) {
  const auto parsed = image::ParseReference(reference);
  if (!parsed || !image::IsEngine(parsed->transport)) return std::string(reference);
  const bool dockers = parsed->transport == image::Transport::kDockerDaemon;
  if (dockers == (kind == engine::Kind::kDocker)) return parsed->NameInEngine();
  return Fail(
      Code::kUnsupported,
      "{} is an image of {}'s, which {} does not see; use --sandbox={}, or --sandbox=native",
      Printable(reference), dockers ? "docker" : "podman", engine::Name(kind),
      dockers ? "docker" : "podman");
}

}  // namespace

engine::Kind EngineKindOf(const launch::Options& options) {
  return options.sandbox == engine::Name(engine::Kind::kDocker) ? engine::Kind::kDocker
                                                                : engine::Kind::kPodman;
}

bool UsesEngine(const launch::Options& options) {
  return options.sandbox == engine::Name(engine::Kind::kDocker) ||
         options.sandbox == engine::Name(engine::Kind::kPodman);
}

std::expected<void, Failure> ChooseEngineImage(std::string_view reference,
                                               launch::Options& options) {
  if (reference.empty()) {
    return Fail(Code::kInvalid,
                "--sandbox={} needs an image: name one with --image, or in a devcontainer.json",
                options.sandbox);
  }
  if (IsFile(reference)) {
    return Fail(Code::kUnsupported,
                "{} is a file, which engines load: run \"{} load\" and name the image, or use "
                "--sandbox=native",
                Printable(reference), options.sandbox);
  }
  AILERON_ASSIGN(const os::Paths paths, Paths());
  auto engine =
      engine::Engine::Connect(EngineKindOf(options), engine::PlacesOfEnvironment(paths.home));
  if (!engine) return std::unexpected(Failure(kExitUnavailable, std::move(engine.error())));
  auto name = NameFor(engine->kind(), reference);
  if (!name) return std::unexpected(Failure(kExitUsage, std::move(name.error())));
  auto found = FindOrPull(*engine, *name, options);
  if (!found) {
    return std::unexpected(Failure(launch::kSandboxNotStarted, std::move(found.error())));
  }
  if (auto plain = CheckVolumes(*found); !plain) {
    return std::unexpected(Failure(launch::kSandboxNotStarted, std::move(plain.error())));
  }
  auto digest = image::ParseDigest(found->id);
  if (!digest) return std::unexpected(Failure(launch::kSandboxNotStarted, digest.error()));
  options.image = image::Image{.reference = std::string(reference),
                               .digest = *std::move(digest),
                               .config = std::move(found->config),
                               .layers = {}};
  options.engine = std::make_shared<engine::Engine>(*std::move(engine));
  options.engine_image = std::move(found->id);
  return {};
}

}  // namespace aileron::modes
