// Tested by tests/image/test_store.py.

#include "modes/image_store.h"

#include <unistd.h>

#include "base/text.h"
#include "control/start.h"
#include "fetch/token_server.h"
#include "image/layer_unpacker.h"
#include "modes/api.h"
#include "modes/engine_source.h"
#include "modes/environment_proxy.h"
#include "modes/limits.h"
#include "modes/progress_bar.h"
#include "modes/terminal.h"
#include "os/paths.h"
#include "registry/limits.h"

namespace aileron::modes {

namespace {

// A mistake in the user's file is one of configuration.
std::expected<registry::Settings, Failure> ReadSettings(const os::Paths& paths) {
  const std::string file = paths.config + "/registries.yaml";
  auto text = os::ReadFile(file, registry::limits::kSettingsMax);
  if (!text && text.error().code != Code::kNotFound) {
    return std::unexpected(Failure(std::move(text.error())));
  }
  auto settings = registry::ParseSettings(text ? *text : "", file);
  if (!settings) return std::unexpected(Failure(kExitConfiguration, std::move(settings.error())));
  for (const char* tool : {"containers", "docker"}) {
    settings->certificates.push_back(fmt::format("{}/.config/{}/certs.d", paths.home, tool));
    settings->certificates.push_back(fmt::format("/etc/{}/certs.d", tool));
  }
  return *std::move(settings);
}

// By a credential in the daemon's vault. Where no daemon runs the vault is locked.
Result<fetch::RegistryToken> TokenOfVault(const os::Paths& paths,
                                          const fetch::TokenQuestion& question,
                                          const std::string& ca) {
  AILERON_ASSIGN(auto client, control::ConnectIfRunning(paths));
  if (!client) return Fail(Code::kNotFound, "no daemon runs");
  const std::string body = Compact({{"realm", question.realm.Name() + question.realm.query},
                                    {"service", question.service},
                                    {"repository", question.repository},
                                    {"ca", ca}});
  AILERON_ASSIGN(const control::Response answer,
                 client->Call({.method = "POST",
                               .path = "/v1/registry-tokens",
                               .body = body,
                               .deadline = limits::registry_token_wait}));
  return fetch::ReadToken(question.realm,
                          {.status = 200, .headers = {}, .body = Secret(answer.body)});
}

std::expected<std::unique_ptr<image::Source>, Failure> OpenSource(const image::Store& store,
                                                                  const image::Reference& reference,
                                                                  const PullOptions& pull) {
  if (reference.transport != image::Transport::kRegistry) return image::OpenSource(reference);
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(registry::Options options, RegistryOptions(paths, store, pull.projects));
  if (pull.plain_http) options.settings.hosts[reference.domain].plain_http = true;
  return registry::OpenRegistry(reference, options);
}

}  // namespace

std::expected<registry::Options, Failure> RegistryOptions(const os::Paths& paths,
                                                          const image::Store& store,
                                                          std::vector<std::string> projects) {
  registry::Options options{
      .logins = registry::PlacesOfEnvironment(),
      .vault = [paths](const auto& question,
                       const auto& ca) { return TokenOfVault(paths, question, ca); },
      .proxy = EnvironmentProxy,
      .partial = store.PartialFolder()};
  options.logins.projects = std::move(projects);
  AILERON_ASSIGN(options.settings, ReadSettings(paths));
  return options;
}

std::expected<image::Store, Failure> OpenStore() {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(image::Store store,
                 image::Store::Open(paths.cache + "/images", image::TarUnpacker()));
  return store;
}

Result<image::Reference> ReferenceOf(std::string_view text) {
  AILERON_ASSIGN(image::Reference reference, image::ParseReference(text));
  AILERON_ASSIGN(const std::string folder, os::CurrentFolder());
  return image::Absolute(std::move(reference), folder);
}

std::expected<FoundImage, Failure> FindOrAdd(const image::Store& store,
                                             const image::Reference& reference,
                                             const PullOptions& options) {
  if (image::IsEngine(reference.transport)) {
    return FindOrExport(store, reference, options);
  }
  const image::Platform machine = image::HostPlatform();
  auto found = store.Find(reference, machine);
  const bool moves = reference.transport == image::Transport::kRegistry && !reference.IsPinned();
  if (found && !(moves && options.ask == Ask::kAgain)) return FoundImage{std::move(*found), true};
  AILERON_ASSIGN(const auto source, OpenSource(store, reference, options));
  ProgressBar bar(source->is_remote() ? "Pulling" : "Unpacking");
  AILERON_ASSIGN(image::Image added,
                 store.Add(reference, *source, machine,
                           [&](std::uint64_t read, std::uint64_t all) { bar.Show(read, all); }));
  const bool same = found && found->digest == added.digest;
  return FoundImage{std::move(added), same};
}

std::expected<UsedImage, Failure> UseImage(const image::Reference& reference,
                                           std::vector<std::string> projects) {
  AILERON_ASSIGN(const image::Store store, OpenStore());
  const PullOptions options{.projects = std::move(projects)};
  while (true) {
    AILERON_ASSIGN(FoundImage found, FindOrAdd(store, reference, options));
    auto lease = store.Use(found.image);
    if (lease) return UsedImage{std::move(found.image), *std::move(lease)};
    // Somebody has cleared the store in between.
    if (lease.error().code != Code::kNotFound) return std::unexpected(std::move(lease.error()));
  }
}

}  // namespace aileron::modes
