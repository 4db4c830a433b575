#include "daemon/hashicorp_opening.h"

#include "base/json_view.h"
#include "base/text.h"
#include "daemon/file_opening.h"
#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

// Each part percent-encoded, the "/" between them not.
std::string EncodePath(std::string_view path) {
  std::string encoded;
  for (const std::string_view part : Split(path, '/')) {
    encoded += (encoded.empty() ? "" : "/") + PercentEncode(part);
  }
  return encoded;
}

std::unexpected<Unopened> Why(std::string_view code, std::string message, std::string hint) {
  return std::unexpected(Unopened{std::string(code), std::move(message), std::move(hint)});
}

// The first of "errors". It is the server's word on a request that failed, and holds no secret of
// the user's.
std::string ErrorOf(std::string_view body) {
  const auto json = JsonView::Parse(body);
  const auto errors = json ? json->Find("errors") : std::nullopt;
  const auto first = errors ? errors->First() : std::nullopt;
  return ForHint(first ? first->PlainText().value_or("") : "");
}

}  // namespace

FreshCredential ReadHashicorp(const vault::CredentialSource& source, int status,
                              std::string_view body) {
  const std::string where = fmt::format("{}/{}", source.mount, source.path);
  const std::string server = source.address.Authority();
  switch (status) {
    case 200:
      break;
    case 403:
      return Why("source_denied", fmt::format("{} does not let its token read {}", server, where),
                 "see whether the token has expired, and what its policy allows");
    case 404:
      return Why(
          "source_missing", fmt::format("{} has no secret {}", server, where),
          "see the binding's mount (key/value version 2), path and namespace, and whether its "
          "newest version was deleted");
    default: {
      const std::string error = ErrorOf(body);
      if (status == 503 && ToLower(error).contains("sealed")) {
        return Why("source_sealed", fmt::format("{} is sealed", server), "unseal it");
      }
      return Why("source_failed", fmt::format("{} answered with status {}", server, status),
                 error.empty() ? "see the server's log" : fmt::format("it said: {}", error));
    }
  }
  const auto json = JsonView::Parse(body);
  if (!json) return Why("source_failed", fmt::format("{} did not answer in JSON", server), "");
  const auto outer = json->Find("data");
  const auto data = outer ? outer->Find("data") : std::nullopt;
  if (!data || !data->is_object()) {
    return Why("source_failed", fmt::format("{} did not answer as version 2 of the engine", server),
               fmt::format("see whether {} is a key/value engine of version 2", source.mount));
  }
  const auto field = data->Find(source.field);
  if (!field) {
    return Why("source_missing", fmt::format("the secret {} has no field {}", where, source.field),
               "see the binding's field");
  }
  auto value = field->Text();
  if (!value || value->empty()) {
    return Why("source_empty", fmt::format("the field {} of {} is no text", source.field, where),
               "");
  }
  if (value->size() > limits::kCredentialMax) {
    return Why("credential_too_large", fmt::format("the field {} is too large", source.field), "");
  }
  return Fresh{.secret = std::move(*value), .keep = source.cache, .valid = source.cache};
}

HashicorpOpening::HashicorpOpening(OpeningWorld& world, const vault::CredentialSource& source,
                                   OnFresh on_fresh)
    : world_(world), source_(source), on_fresh_(std::move(on_fresh)) {
  if (!source_.token_file.empty()) {
    token_file_ = std::make_unique<FileOpening>(
        world_, source_.token_file,
        vault::CredentialSource{.kind = vault::CredentialSource::Kind::kFile},
        [this](FreshCredential token) {
          if (!token) return Finish(std::unexpected(std::move(token.error())));
          Ask(std::move(token->secret));
        });
    return;
  }
  world_.loop.Post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    auto token = OpenEntry(world_.vault, source_.token);
    if (!token) return Finish(std::unexpected(std::move(token.error())));
    Ask(std::move(*token));
  });
}

void HashicorpOpening::Ask(Secret token) {
  fetch::Request request{.url = source_.address, .ca = source_.ca, .timeout = source_.timeout};
  // An address with a path is a server behind a gateway.
  const std::string_view base = Trim(source_.address.path, "/");
  request.target = fmt::format("{}{}/v1/{}/data/{}", base.empty() ? "" : "/", base,
                               EncodePath(source_.mount), EncodePath(source_.path));
  request.headers.emplace_back("X-Vault-Request", "true");
  if (!source_.name_space.empty()) {
    request.headers.emplace_back("X-Vault-Namespace", source_.name_space);
  }
  request.secret_headers.emplace_back("X-Vault-Token", std::move(token));
  fetch_ = std::make_unique<fetch::Fetch>(
      world_.loop, std::move(request),
      [this](Result<fetch::Response> response) { Answered(std::move(response)); });
}

void HashicorpOpening::Answered(Result<fetch::Response> response) {
  if (!response) {
    return Finish(std::unexpected(WhyNot(response.error(), "see whether the server is up")));
  }
  Finish(ReadHashicorp(source_, response->status, response->body.Reveal()));
}

void HashicorpOpening::Finish(FreshCredential fresh) {
  const OnFresh on_fresh = std::move(on_fresh_);
  on_fresh_ = nullptr;
  if (on_fresh) on_fresh(std::move(fresh));
}

}  // namespace aileron::daemon
