// RegistrySource: an image in a registry (OCI distribution-spec 1.1).
#pragma once

#include <memory>
#include <string>

#include "image/resolve.h"
#include "image/source.h"
#include "registry/repository.h"

namespace aileron::registry {

struct Options {
  Settings settings;
  LoginPlaces logins;
  VaultTokens vault;  // asked where no login is kept; may be empty
  fetch::ProxyFor proxy = fetch::NoProxy;
  std::string partial;  // a folder for what a pull that is cut has got; empty: nothing is kept
};

// kInvalid when the domain cannot be a host. Nothing is asked before it is resolved.
Result<std::unique_ptr<image::Source>> OpenRegistry(const image::Reference& reference,
                                                    const Options& options);

// What an engine is given to pull an image as whom we would (Repository::EngineLogin). The registry
// itself is asked for the image's manifest, as for a pull of our own: kDenied says as there that it
// wants a login, or another one. A registry that does not answer us may answer the engine, which
// gets what is kept for it.
Result<Secret> EngineLogin(const image::Reference& reference, const Options& options,
                           Repository::Tokens tokens);

}  // namespace aileron::registry
