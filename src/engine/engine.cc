// Tested by tests/engine/test_engines.py.

#include "engine/engine.h"

#include <unistd.h>

#include "base/text.h"
#include "engine/answers.h"
#include "os/socket.h"

namespace aileron::engine {

namespace {

constexpr Duration kPatience = std::chrono::minutes(1);  // of one call; a busy engine takes long
// Of each step of a pull, an export and a load, which move gigabytes.
constexpr Duration kTransferPatience = std::chrono::minutes(10);
constexpr Duration kRemovePatience = std::chrono::seconds(20);
constexpr std::size_t kLineMax = 1u << 20;
constexpr std::string_view kDockerApi = "/v1.41";
constexpr std::string_view kPodmanApi = "/v4.0.0/libpod";

Code CodeOf(int status) {
  switch (status) {
    case 400:
      return Code::kInvalid;
    case 401:
    case 403:
      return Code::kDenied;
    case 404:
      return Code::kNotFound;
    case 409:
    case 503:
      return Code::kUnavailable;
    default:
      return Code::kInternal;
  }
}

// What a person does who may not speak to the engine.
std::string_view WayIn(Kind kind) {
  return kind == Kind::kDocker
             ? "Ask its owner to put you into the group \"docker\" (which is as good as root), or "
               "use your own engine: --sandbox=podman"
             : "Use your own engine: unset CONTAINER_HOST, and run: systemctl --user start "
               "podman.socket";
}

}  // namespace

Result<Engine> Engine::Connect(Kind kind, const Places& places) {
  AILERON_ASSIGN(Endpoint endpoint, FindEndpoint(kind, places));
  control::Peer peer{std::string(Name(kind)), "Look into its log"};
  auto client = control::Client::Connect(endpoint.socket, std::move(peer));
  if (!client && client.error().code == Code::kDenied) {
    return Fail(Code::kDenied, "{}. {}", client.error().message, WayIn(kind));
  }
  if (!client) {
    return Wrap(std::move(client.error()), "nobody answers for {} on {}", Name(kind),
                endpoint.socket);
  }
  Engine engine(kind, std::move(endpoint), *std::move(client));
  AILERON_TRY(engine.Greet());
  return engine;
}

Status Engine::Greet() {
  AILERON_ASSIGN(const os::PeerCredentials peer, os::PeerOf(client_.descriptor()));
  if (peer.uid != 0 && peer.uid != geteuid()) {
    return Fail(Code::kDenied,
                "the engine on {} is of the user {}, who could read all that the sandbox does",
                endpoint_.socket, peer.uid);
  }
  rootless_ = peer.uid != 0;
  AILERON_ASSIGN(const control::Response answer, Call("GET", "/_ping"));
  const Version version = ReadVersion(answer);
  podman_ = version.podman;
  version_ = version.number;
  return {};
}

std::string Engine::Prefix() const { return std::string(podman_ ? kPodmanApi : kDockerApi); }

Result<control::Response> Engine::Call(std::string_view method, const std::string& path,
                                       std::string_view body) {
  AILERON_ASSIGN(
      control::Response response,
      client_.Send({.method = method, .path = path, .body = body, .deadline = kPatience}));
  if (response.ok() || response.status == 304) return response;
  return Fail(CodeOf(response.status), "{} says: {}", Name(kind_), ReadMessage(response.body));
}

Result<EngineImage> Engine::Find(std::string_view reference) {
  AILERON_ASSIGN(const control::Response answer,
                 Call("GET", fmt::format("{}/images/{}/json", Prefix(), PercentEncode(reference))));
  return ReadImage(answer.body);
}

Status Engine::Follow(const control::Request& request,
                      const std::function<void(std::string_view)>& progress) {
  std::string rest;
  std::string failure;
  const auto hear = [&](std::string_view line) {
    const auto told = ReadPullLine(line);
    if (!told) return;
    if (told->failed) failure = told->text;
    if (!told->failed) progress(told->text);
  };
  AILERON_ASSIGN(const control::Response answer,
                 client_.Transfer(request, [&](std::string_view piece) -> Result<control::Flow> {
                   rest += piece;
                   for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
                     hear(std::string_view(rest).substr(0, end));
                     rest.erase(0, end + 1);
                   }
                   if (rest.size() <= kLineMax) return control::Flow::kContinue;
                   return Fail(Code::kInternal, "{} says a line without an end", Name(kind_));
                 }));
  if (!rest.empty()) hear(rest);
  if (!answer.ok()) return Fail(CodeOf(answer.status), "{}", ReadMessage(answer.body));
  return failure.empty() ? Status() : Fail(Code::kUnavailable, "{}", failure);
}

Status Engine::Pull(std::string_view reference, const Secret& login,
                    const std::function<void(std::string_view)>& progress) {
  const std::string path =
      podman_ ? fmt::format("{}/images/pull?reference={}", Prefix(), PercentEncode(reference))
              : fmt::format("{}/images/create?fromImage={}", Prefix(), PercentEncode(reference));
  auto pulled = Follow({.method = "POST",
                        .path = path,
                        .secret_field = login.empty() ? "" : "X-Registry-Auth",
                        .secret_value = login.Reveal(),
                        .deadline = kTransferPatience,
                        .quiet = kTransferPatience},
                       progress);
  if (pulled) return {};
  return Wrap(std::move(pulled.error()), "{} cannot pull {}", Name(kind_), Printable(reference));
}

Status Engine::Export(std::string_view id, int file, std::uint64_t most) {
  const std::string path = fmt::format("{}/images/{}/get{}", Prefix(), PercentEncode(id),
                                       podman_ ? "?format=docker-archive&compress=false" : "");
  std::uint64_t size = 0;
  AILERON_ASSIGN(
      const control::Response answer,
      client_.Transfer({.path = path, .deadline = kTransferPatience, .quiet = kTransferPatience},
                       [&](std::string_view piece) -> Result<control::Flow> {
                         size += piece.size();
                         if (size > most) {
                           return Fail(Code::kInvalid, "the image {} of {} has more than {} bytes",
                                       Printable(id), Name(kind_), most);
                         }
                         AILERON_TRY(os::WriteAll(file, piece));
                         return control::Flow::kContinue;
                       }));
  if (answer.ok()) return {};
  return Fail(CodeOf(answer.status), "{} says: {}", Name(kind_), ReadMessage(answer.body));
}

Status Engine::Load(LoadArchive& archive) {
  const control::Upload upload{.size = archive.size(),
                               .read = [&](std::span<char> to) { return archive.Read(to); }};
  const std::string path = Prefix() + "/images/load";
  auto loaded = Follow({.method = "POST",
                        .path = path,
                        .upload = &upload,
                        .content_type = "application/x-tar",
                        .deadline = kTransferPatience,
                        .quiet = kTransferPatience},
                       [](std::string_view) {});
  if (loaded) return {};
  return Wrap(std::move(loaded.error()), "{} cannot load the image {}", Name(kind_), archive.tag());
}

Status Engine::CheckLimits(const sandbox::Resources& resources) {
  if (!resources.any()) return {};
  AILERON_ASSIGN(const control::Response answer, Call("GET", "/info"));
  AILERON_ASSIGN(const std::vector<std::string> missing, ReadMissingLimits(answer.body, rootless_));
  for (const std::string& name : missing) {
    const bool asked = name == "memory" ? resources.memory_bytes.has_value()
                       : name == "pids" ? resources.pids.has_value()
                                        : resources.cpus.has_value();
    if (!asked) continue;
    return Fail(Code::kUnsupported,
                "--{}: this {} does not hold such a limit{}; leave it out, or use --sandbox=native",
                name, Name(kind_),
                rootless_ ? ", since it is rootless and the machine has control groups v1" : "");
  }
  return {};
}

Status Engine::Create(const Container& container) {
  AILERON_TRY(CheckLimits(container.resources));
  AILERON_ASSIGN(
      const control::Response answer,
      podman_ ? Call("POST", Prefix() + "/containers/create", PodmanBody(container))
              : Call("POST", fmt::format("{}/containers/create?name={}", Prefix(), container.name),
                     DockerBody(container)));
  AILERON_TRY(ReadId(answer.body));
  return {};
}

Status Engine::Start(std::string_view name) {
  AILERON_TRY(Call("POST", fmt::format("{}/containers/{}/start", Prefix(), name)));
  return {};
}

Result<bool> Engine::Runs(std::string_view name) {
  const auto answer = Call("GET", fmt::format("{}/containers/{}/json", Prefix(), name));
  if (!answer && answer.error().code == Code::kNotFound) return false;
  if (!answer) return std::unexpected(answer.error());
  return ReadRunning(answer->body);
}

void Engine::Remove(std::string_view name) const {
  // A connection on which an answer is late is of no more use.
  auto client = control::Client::Connect(endpoint_.socket, {std::string(Name(kind_)), ""});
  if (!client) return;
  (void)client->Send(
      {.method = "DELETE",
       .path = podman_ ? fmt::format("{}/containers/{}?force=true&timeout=0", Prefix(), name)
                       : fmt::format("{}/containers/{}?force=true&v=true", Prefix(), name),
       .deadline = kRemovePatience});
}

}  // namespace aileron::engine
