// Engine: docker's or podman's, spoken to by its API over its socket (Docker Engine API 1.41, which
// podman speaks as well; libpod API 4.0.0 for what it leaves out). No command's text is read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "control/client.h"
#include "engine/container.h"
#include "engine/endpoint.h"
#include "engine/load_archive.h"
#include "image/config.h"

namespace aileron::engine {

// What an engine has under a name.
struct EngineImage {
  std::string id;  // "sha256:…"
  image::Config config;
};

class Engine {
 public:
  // The engine that a person calls `kind`. kNotFound and kUnavailable say what starts it; kDenied
  // who may speak to it.
  static Result<Engine> Connect(Kind kind, const Places& places);

  Kind kind() const { return kind_; }
  const std::string& version() const { return version_; }
  const Endpoint& endpoint() const { return endpoint_; }
  // Whether it takes a registry's token in a login (Docker Engine API, "registrytoken").
  bool takes_tokens() const { return !podman_; }
  // It runs as the caller, and what is root in its containers is the caller on the host.
  bool rootless() const { return rootless_; }

  // kNotFound when it has no such image.
  Result<EngineImage> Find(std::string_view reference);
  // From the image's registry, with the engine's own settings, and as whom `login` says: the value
  // of X-Registry-Auth (registry/engine_login.h), or empty. `progress` gets a line for each step.
  Status Pull(std::string_view reference, const Secret& login,
              const std::function<void(std::string_view)>& progress);
  // Writes the image of an id to a file, as a docker-archive. kInvalid where it is larger than
  // `most` bytes.
  Status Export(std::string_view id, int file, std::uint64_t most);
  // The engine has the image from now on, by the tag that the archive names.
  Status Load(LoadArchive& archive);

  // The container, by its name, does not run yet. kUnsupported when the engine does not hold one of
  // its limits.
  Status Create(const Container& container);
  Status Start(std::string_view name);
  // Whether it runs; false also when there is none any more.
  Result<bool> Runs(std::string_view name);
  // Ends and removes it, also when the engine has not answered what was asked before.
  void Remove(std::string_view name) const;

 private:
  Engine(Kind kind, Endpoint endpoint, control::Client client)
      : kind_(kind), endpoint_(std::move(endpoint)), client_(std::move(client)) {}

  // 2xx, or an Error with what the engine says.
  Result<control::Response> Call(std::string_view method, const std::string& path,
                                 std::string_view body = {});
  // Of an exchange that may take long: hands lines of progress on. An Error of the engine's last
  // word, when that is one, or of an answer other than 2xx.
  Status Follow(const control::Request& request,
                const std::function<void(std::string_view)>& progress);
  Status Greet();
  Status CheckLimits(const sandbox::Resources& resources);
  std::string Prefix() const;

  Kind kind_;
  bool podman_ = false;  // what answers, whatever it was called
  Endpoint endpoint_;
  control::Client client_;
  std::string version_;
  bool rootless_ = false;
};

}  // namespace aileron::engine
