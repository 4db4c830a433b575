#include "engine/endpoint.h"

#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/text.h"
#include "crypto/hash.h"
#include "image/json_fields.h"
#include "os/environment.h"
#include "os/fd.h"
#include "os/mounts.h"

namespace aileron::engine {

namespace {

constexpr std::size_t kFileMax = 1u << 20;
constexpr std::size_t kTextMax = 4096;
constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kDefaultContext = "default";

Result<Endpoint> Reach(std::string_view url, std::string origin) {
  if (url.starts_with(kUnix) && url.substr(kUnix.size()).starts_with('/')) {
    return Endpoint{std::string(url.substr(kUnix.size())), std::move(origin)};
  }
  return Fail(
      Code::kUnsupported,
      "{} names the engine at {}, which this program cannot use: it speaks to engines over a "
      "unix socket of this machine alone (unix:///PATH), since a sandbox's connections are passed "
      "on as descriptors",
      origin, Printable(url));
}

// A member of a JSON file, or nothing where there is no file.
Result<std::string> MemberOf(const std::string& path, std::vector<std::string_view> way) {
  auto text = os::ReadFile(path, kFileMax);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  if (!text) return std::unexpected(std::move(text.error()));
  AILERON_ASSIGN(const image::Json json, image::ParseJson(*text, kFileMax, path));
  AILERON_ASSIGN(image::Fields fields, image::Fields::Of(json, path));
  const std::string_view last = way.back();
  way.pop_back();
  for (const std::string_view name : way) {
    AILERON_ASSIGN(fields, fields.Object(name));
  }
  return fields.Text(last, kTextMax);
}

// Empty where no context is chosen.
Result<std::string> ContextOf(const Places& places, const std::string& config) {
  if (!places.docker_context.empty()) return places.docker_context;
  return MemberOf(config + "/config.json", {"currentContext"});
}

Result<Endpoint> FindDocker(const Places& places) {
  if (!places.docker_host.empty()) return Reach(places.docker_host, "DOCKER_HOST");
  const std::string config =
      places.docker_config.empty() ? places.home + "/.docker" : places.docker_config;
  AILERON_ASSIGN(const std::string context, ContextOf(places, config));
  if (!context.empty() && context != kDefaultContext) {
    const std::string file =
        fmt::format("{}/contexts/meta/{}/meta.json", config, HexEncode(crypto::Hash(context)));
    AILERON_ASSIGN(const std::string host, MemberOf(file, {"Endpoints", "docker", "Host"}));
    const std::string origin = fmt::format("docker's context \"{}\"", Printable(context));
    if (host.empty()) {
      return Fail(Code::kInvalid, "{} says nowhere where its engine is ({})", origin, file);
    }
    return Reach(host, origin);
  }
  const std::string rootless = places.runtime + "/docker.sock";
  if (!places.runtime.empty() && !os::Exists("/var/run/docker.sock") && os::Exists(rootless)) {
    return Endpoint{rootless, ""};
  }
  return Endpoint{"/var/run/docker.sock", ""};
}

Result<Endpoint> FindPodman(const Places& places) {
  if (!places.container_host.empty()) return Reach(places.container_host, "CONTAINER_HOST");
  if (places.root) return Endpoint{"/run/podman/podman.sock", ""};
  if (places.runtime.empty()) {
    return Fail(Code::kInvalid,
                "XDG_RUNTIME_DIR is not set, and so it is not known where podman listens; name its "
                "socket with CONTAINER_HOST=unix:///PATH");
  }
  return Endpoint{places.runtime + "/podman/podman.sock", ""};
}

}  // namespace

std::string_view Name(Kind kind) { return kind == Kind::kDocker ? "docker" : "podman"; }

Places PlacesOfEnvironment(const std::string& home) {
  return {.home = home,
          .runtime = os::Variable("XDG_RUNTIME_DIR"),
          .docker_host = os::Variable("DOCKER_HOST"),
          .docker_context = os::Variable("DOCKER_CONTEXT"),
          .docker_config = os::Variable("DOCKER_CONFIG"),
          .container_host = os::Variable("CONTAINER_HOST"),
          .root = geteuid() == 0};
}

Result<Endpoint> FindEndpoint(Kind kind, const Places& places) {
  AILERON_ASSIGN(Endpoint endpoint,
                 kind == Kind::kDocker ? FindDocker(places) : FindPodman(places));
  if (os::Exists(endpoint.socket)) return endpoint;
  const std::string_view starts =
      kind == Kind::kDocker ? "sudo systemctl start docker"
      : places.root         ? "systemctl start podman.socket, or podman system service --time=0"
                    : "systemctl --user start podman.socket, or podman system service --time=0";
  return Fail(
      Code::kNotFound, "{} does not listen on {}{}. Start it: {}", Name(kind), endpoint.socket,
      endpoint.origin.empty() ? "" : fmt::format(" (named by {})", endpoint.origin), starts);
}

}  // namespace aileron::engine
