// The store of images, as verbs use it: opened, and filled, from local forms and from registries,
// with a bar that says how far it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "image/store.h"
#include "modes/command.h"
#include "modes/written_folders.h"
#include "os/paths.h"
#include "registry/registry_source.h"

namespace aileron::modes {

std::expected<image::Store, Failure> OpenStore();

// How registries are asked: by the user's settings and logins, and the vault's credentials. Of
// `projects` no helper is started that keeps logins.
std::expected<registry::Options, Failure> RegistryOptions(const os::Paths& paths,
                                                          const image::Store& store,
                                                          std::vector<std::string> projects);

// As a person writes it, relative to the current folder.
Result<image::Reference> ReferenceOf(std::string_view text);

struct FoundImage {
  image::Image image;
  bool was_there = false;
};
enum class Ask : std::uint8_t {
  kWhatIsMissing,  // the registry is not asked for what the store has
  kAgain           // what a tag means now, of a registry and of an engine
};
struct PullOptions {
  Ask ask = Ask::kWhatIsMissing;
  bool plain_http = false;  // of this reference's registry, besides those of the user's file
  // Of which no program is started.
  std::vector<std::string> projects = WrittenFolders();
};
// From its source, where the store has not got it. Takes as long as its layers are large.
std::expected<FoundImage, Failure> FindOrAdd(const image::Store& store,
                                             const image::Reference& reference,
                                             const PullOptions& options = {});

// An image of the store, which keeps it as long as the lease lives.
struct UsedImage {
  image::Image image;
  image::Lease lease;
};
std::expected<UsedImage, Failure> UseImage(const image::Reference& reference,
                                           std::vector<std::string> projects);

}  // namespace aileron::modes
