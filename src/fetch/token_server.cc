#include "fetch/token_server.h"

#include <algorithm>

#include "base/json_view.h"
#include "base/secret_writer.h"
#include "base/text.h"
#include "fetch/limits.h"

namespace aileron::fetch {

Result<RemoteFile> ParseRealm(std::string_view text) {
  AILERON_ASSIGN(RemoteFile realm, RemoteFile::Parse(text));
  if (realm.query.empty()) return realm;
  return Fail(Code::kDenied, "{} has a query of its own", realm.Name());
}

Result<Request> TokenRequest(TokenQuestion question) {
  const RemoteFile& realm = question.realm;
  const std::string scope = fmt::format("repository:{}:pull", question.repository);
  Request request{.url = realm.url, .timeout = limits::kTokenWait};
  if (!question.identity_token.empty()) {
    SecretWriter form(limits::kBody);
    form.PutField("grant_type", "refresh_token");
    form.PutField("service", question.service);
    form.PutField("scope", scope);
    form.PutField("client_id", "aileron");
    form.PutField("refresh_token", question.identity_token.Reveal());
    if (form.overflowed()) return Fail(Code::kInvalid, "the identity token is too large");
    request.method = "POST";
    request.target = realm.Target();
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = form.Take();
    return request;
  }
  request.target =
      fmt::format("{}{}service={}&scope={}", realm.Target(), realm.query.empty() ? "?" : "&",
                  PercentEncode(question.service), PercentEncode(scope));
  if (!question.authorization.empty()) {
    request.secret_headers.emplace_back("Authorization", std::move(question.authorization));
  }
  return request;
}

Result<RegistryToken> ReadToken(const RemoteFile& realm, const Response& answer) {
  if (answer.status == 401 || answer.status == 403) {
    return Fail(Code::kDenied, "{} answered with status {}", realm.Name(), answer.status);
  }
  const auto json = JsonView::Parse(answer.body.Reveal());
  auto token = json ? json->Find("token") : std::nullopt;
  if (json && !token) token = json->Find("access_token");
  auto text = token ? token->Text() : std::nullopt;
  if (answer.status != 200 || !text || text->empty()) {
    return Fail(Code::kUnavailable, "{} gave no token: it answered with status {}", realm.Name(),
                answer.status);
  }
  const auto lifetime = json->Find("expires_in");
  const auto seconds = lifetime ? lifetime->Number() : std::nullopt;
  RegistryToken result{.token = *std::move(text), .lifetime = limits::kTokenLeast};
  if (seconds) {
    result.lifetime =
        std::clamp<Duration>(std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, 1'000'000)),
                             limits::kTokenLeast, limits::kTokenLongest);
  }
  return result;
}

}  // namespace aileron::fetch
