// Tested by tests/image/test_registry.py.

#include "registry/repository.h"

#include <algorithm>

#include "base/json_view.h"
#include "base/secret_writer.h"
#include "base/text.h"
#include "image/limits.h"
#include "net/loop.h"
#include "registry/limits.h"
#include "registry/pause.h"

namespace aileron::registry {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kBearer = "Bearer ";
constexpr const char* kManifestTypes =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

// "MANIFEST_UNKNOWN: manifest unknown" of {"errors":[{"code":…,"message":…}]}; empty otherwise.
std::string ErrorOf(const fetch::Response& answer) {
  const auto json = JsonView::Parse(answer.body.Reveal());
  const auto errors = json ? json->Find("errors") : std::nullopt;
  const auto first = errors ? errors->First() : std::nullopt;
  if (!first) return {};
  const auto member = [&](const char* name) {
    const auto value = first->Find(name);
    return value ? value->PlainText().value_or("") : std::string();
  };
  const std::string code = member("code"), message = member("message");
  const std::string said = code.empty() || message.empty() ? code + message : code + ": " + message;
  return Printable(BeginningOf(said, limits::kErrorShown));
}

std::string WithReason(std::string text, const fetch::Response& answer) {
  const std::string reason = ErrorOf(answer);
  return reason.empty() ? text : fmt::format("{} ({})", text, reason);
}

bool IsBusy(int status) { return status == 429 || (status >= 500 && status <= 504); }

std::string HowToLogIn(std::string_view domain) {
  return fmt::format("Log in with \"docker login {0}\" or \"podman login {0}\"", domain);
}

// RFC 7617. A login is bounded when it is read, so that it fits.
Secret BasicOf(const Login& login) {
  SecretWriter pair(3 * limits::kLoginMax), value(5 * limits::kLoginMax);
  pair.Put(login.user);
  pair.Put(":");
  pair.Put(login.password.Reveal());
  value.Put("Basic ");
  value.PutBase64(pair.View());
  AILERON_CHECK(!pair.overflowed() && !value.overflowed());
  return value.Take();
}

}  // namespace

struct Repository::Question {
  std::string target;  // behind the place's prefix and the repository's name: "/manifests/12"
  std::string what;    // for messages
  std::string accept = "*/*";
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t most = 0;
  const char* method = "GET";
  Duration wait = limits::kAnswerWait;
  int retries = limits::kRetries;
  fetch::Sink* sink = nullptr;
  const std::atomic<bool>* stop = nullptr;
};

struct Repository::Access {
  Secret authorization;  // the field's value; empty: none is wanted
  Clock::time_point until = Clock::time_point::max();
  bool failed = false;                 // it did not answer once
  bool by_vault = false;               // the authorization is a token of the vault's
  std::optional<Result<Login>> login;  // once it was looked for
};

Repository::Repository(const image::Reference& reference, std::vector<Place> places,
                       LoginPlaces logins, VaultTokens vault, fetch::ProxyFor proxy)
    : path_(reference.path),
      name_(fmt::format("{}/{}", reference.domain, reference.path)),
      places_(std::move(places)),
      logins_(std::move(logins)),
      vault_(std::move(vault)),
      proxy_(std::move(proxy)),
      access_(places_.size()) {}

Repository::~Repository() = default;

Result<Repository::Document> Repository::Manifest(const std::string& name) {
  AILERON_ASSIGN(const fetch::Response answer,
                 Ask({.target = "/manifests/" + name,
                      .what = fmt::format("{}{}{}", name_, name.contains(':') ? "@" : ":", name),
                      .accept = kManifestTypes,
                      .headers = {},
                      .most = image::limits::kManifestMax}));
  const std::string_view type = answer.Header("Content-Type");
  return Document{.text = std::string(answer.body.Reveal()),
                  .media_type = ToLower(Trim(type.substr(0, type.find(';'))))};
}

Status Repository::Look(const std::string& name) {
  AILERON_TRY(Ask({.target = "/manifests/" + name,
                   .what = fmt::format("{}{}{}", name_, name.contains(':') ? "@" : ":", name),
                   .accept = kManifestTypes,
                   .headers = {},
                   .most = image::limits::kManifestMax,
                   .method = "HEAD",
                   .wait = limits::kLookWait,
                   .retries = 0}));
  return {};
}

Result<std::string> Repository::Blob(const image::Digest& digest, std::size_t most) {
  AILERON_ASSIGN(const fetch::Response answer, Ask({.target = "/blobs/" + digest.Text(),
                                                    .what = name_ + "@" + digest.Text(),
                                                    .headers = {},
                                                    .most = most}));
  return std::string(answer.body.Reveal());
}

Status Repository::Stream(const image::Digest& digest, std::uint64_t offset, fetch::Sink& sink,
                          const std::atomic<bool>& stop) {
  Question question{.target = "/blobs/" + digest.Text(),
                    .what = name_ + "@" + digest.Text(),
                    .headers = {},
                    .most = fetch::limits::kBody,
                    .sink = &sink,
                    .stop = &stop};
  if (offset > 0) question.headers.emplace_back("Range", fmt::format("bytes={}-", offset));
  AILERON_TRY(Ask(question));
  return {};
}

Result<fetch::Response> Repository::Ask(const Question& question) {
  std::optional<Error> error;  // the last place's counts: it is the registry itself
  for (std::size_t place = 0; place < places_.size(); ++place) {
    {
      const std::scoped_lock lock(mutex_);
      if (access_[place].failed && place + 1 < places_.size()) continue;
    }
    auto answer = AskPlace(place, question);
    if (answer) return answer;
    const bool stopped = question.stop != nullptr && *question.stop;
    if (!places_[place].mirror || stopped) return answer;
    if (answer.error().code == Code::kUnavailable) {
      const std::scoped_lock lock(mutex_);
      access_[place].failed = true;
      // Its sink may have taken a part: who asked goes on from there, and not with this mirror.
      if (question.sink != nullptr) return answer;
    }
    error = std::move(answer.error());
  }
  return std::unexpected(error.value_or(Error{Code::kUnavailable, "no place to ask"}));
}

Result<fetch::Response> Repository::AskPlace(std::size_t place, const Question& question) {
  const Place& where = places_[place];
  fetch::RemoteFile file{.url = where.url, .query = {}};
  file.url.path = fmt::format("/v2/{}{}{}", where.prefix, path_, question.target);
  Duration pause = limits::kRetryFirst;
  bool authorized = false;
  for (int tries = 0;; ++tries) {
    AILERON_ASSIGN(fetch::Response answer, Send(place, question, file, As::kUs));
    if (fetch::IsRedirect(answer.status)) {
      AILERON_ASSIGN(answer, Follow(place, question, std::move(answer), file));
    }
    const std::string authority = where.url.Authority();
    if (answer.status == 200 || answer.status == 206) return answer;
    if (answer.status == 401 && !authorized) {
      authorized = true;
      AILERON_TRY(Authorize(place, answer));
      continue;
    }
    if (answer.status == 401 || answer.status == 403) return Denied(place, question, answer);
    if (answer.status == 404) {
      return Fail(Code::kNotFound, "{}",
                  WithReason(fmt::format("{} has no {}", authority, question.what), answer));
    }
    if (!IsBusy(answer.status) || tries == question.retries) {
      return Fail(Code::kUnavailable, "{}",
                  WithReason(fmt::format("{} answered with status {} for {}", authority,
                                         answer.status, question.what),
                             answer));
    }
    const auto wanted = answer.RetryAfter();
    Pause(std::min<Duration>(wanted ? Duration(*wanted) : pause, limits::kRetryLongest),
          question.stop);
    pause *= 2;
  }
}

Result<fetch::Response> Repository::Send(std::size_t place, const Question& question,
                                         const fetch::RemoteFile& file, As who) {
  fetch::Request request{.url = file.url,
                         .method = question.method,
                         .target = file.Target(),
                         .accept = question.accept,
                         .headers = question.headers,
                         .ca = file.url.tls ? places_[place].ca : std::string(),
                         .timeout = question.wait,
                         .body_max = question.most,
                         .sink = question.sink};
  AILERON_ASSIGN(request.proxy, proxy_(file.url));
  request.headers.emplace_back("Accept-Encoding", "identity");
  if (who == As::kUs) {
    const std::scoped_lock lock(mutex_);
    const Access& access = access_[place];
    if (!access.authorization.empty() && Clock::now() < access.until) {
      request.secret_headers.emplace_back("Authorization", access.authorization.Duplicate());
    }
  }
  AILERON_ASSIGN(const auto loop, net::Loop::Make());
  return fetch::Await(*loop, std::move(request), question.stop);
}

// Registries keep blobs elsewhere, behind URLs that are signed for a while.
Result<fetch::Response> Repository::Follow(std::size_t place, const Question& question,
                                           fetch::Response answer, fetch::RemoteFile from) {
  const ServiceUrl& home = places_[place].url;
  for (int hops = 0; hops < fetch::limits::kRedirects && fetch::IsRedirect(answer.status); ++hops) {
    AILERON_ASSIGN(from, from.Redirected(answer.Header("Location")));
    if (!from.url.tls && !IsThisMachine(home.host)) {
      return Fail(Code::kDenied, "{} leads to {}, a service of this machine's own",
                  home.Authority(), from.Name());
    }
    const bool at_home = from.url.tls == home.tls && from.url.Authority() == home.Authority();
    AILERON_ASSIGN(answer, Send(place, question, from, at_home ? As::kUs : As::kNobody));
  }
  if (fetch::IsRedirect(answer.status)) {
    return Fail(Code::kUnavailable, "{} leads elsewhere for {}, again and again", home.Authority(),
                question.what);
  }
  if (answer.status == 401 || answer.status == 403) {
    return Fail(Code::kUnavailable, "{}, where {} leads for {}, answered with status {}",
                from.url.Authority(), home.Authority(), question.what, answer.status);
  }
  return answer;
}

Result<const Login*> Repository::KeptLogin(std::size_t place) {
  auto& login = access_[place].login;
  if (!login) login = ReadLogin(logins_, places_[place].login, places_[place].mirror ? "" : path_);
  if (*login) return &**login;
  if (login->error().code == Code::kNotFound) return nullptr;
  return std::unexpected(login->error());
}

Status Repository::Authorize(std::size_t place, const fetch::Response& refusal) {
  const std::scoped_lock lock(mutex_);
  if (!places_[place].IsPrivate()) {
    return Fail(Code::kDenied, "{} wants to know who asks, and without TLS others would read it",
                places_[place].url.Authority());
  }
  std::vector<Challenge> challenges;
  for (const std::string_view field : refusal.headers.FindAll("WWW-Authenticate")) {
    for (Challenge& one : ParseChallenges(field)) challenges.push_back(std::move(one));
  }
  const auto bearer = std::ranges::find(challenges, "bearer", &Challenge::scheme);
  if (bearer != challenges.end()) return AuthorizeBearer(place, *bearer);
  const auto basic = std::ranges::find(challenges, "basic", &Challenge::scheme);
  if (basic != challenges.end()) return AuthorizeBasic(place);
  return Fail(Code::kUnsupported, "{} wants to know who asks, in no way that is known here",
              places_[place].url.Authority());
}

Status Repository::AuthorizeBasic(std::size_t place) {
  AILERON_ASSIGN(const Login* login, KeptLogin(place));
  if (login == nullptr || login->user.empty()) {
    return Fail(Code::kDenied, "{} wants a login. {}", places_[place].url.Authority(),
                HowToLogIn(places_[place].login));
  }
  access_[place].authorization = BasicOf(*login);
  access_[place].until = Clock::time_point::max();
  return {};
}

// Of the login that is kept for us, or else of the vault, or of nobody. The vault is asked for the
// registry's own token server alone: whom a registry names otherwise may be anybody's.
Result<fetch::RegistryToken> Repository::FetchToken(std::size_t place,
                                                    const fetch::RemoteFile& realm,
                                                    const std::string& service) {
  const Place& where = places_[place];
  fetch::TokenQuestion question{
      .realm = realm, .service = service, .repository = where.prefix + path_};
  const std::string ca = realm.url.tls ? where.ca : std::string();
  AILERON_ASSIGN(const Login* login, KeptLogin(place));
  const std::string own = where.token_server.empty() ? where.url.Authority() : where.token_server;
  if (login == nullptr && vault_ && !where.mirror && realm.url.Authority() == own) {
    auto token = vault_(question, ca);
    access_[place].by_vault = token.has_value();
    // Nothing is bound to that server: who asks is nobody.
    if (token || token.error().code != Code::kNotFound) return token;
  }
  if (login != nullptr && !login->identity_token.empty()) {
    question.identity_token = login->identity_token.Duplicate();
  } else if (login != nullptr) {
    question.authorization = BasicOf(*login);
  }
  AILERON_ASSIGN(auto request, fetch::TokenRequest(std::move(question)));
  request.ca = ca;
  AILERON_ASSIGN(request.proxy, proxy_(realm.url));
  AILERON_ASSIGN(const auto loop, net::Loop::Make());
  AILERON_ASSIGN(const fetch::Response answer, fetch::Await(*loop, std::move(request)));
  return fetch::ReadToken(realm, answer);
}

// Where a registry says that tokens are had.
Result<fetch::RemoteFile> Repository::RealmOf(const Place& where, const Challenge& challenge) {
  const std::string authority = where.url.Authority();
  auto realm = fetch::ParseRealm(challenge.Parameter("realm"));
  if (!realm) return Wrap(std::move(realm.error()), "{} says to ask for a token", authority);
  if (!realm->url.tls && (where.url.tls || !IsThisMachine(where.url.host))) {
    return Fail(Code::kDenied, "{} says to ask {} for a token, which is not https", authority,
                realm->Name());
  }
  return realm;
}

Status Repository::AuthorizeBearer(std::size_t place, const Challenge& challenge) {
  AILERON_ASSIGN(const fetch::RemoteFile realm, RealmOf(places_[place], challenge));
  AILERON_TRY(KeptLogin(place));
  const auto token = FetchToken(place, realm, challenge.Parameter("service"));
  if (!token && token.error().code == Code::kDenied) {
    const bool known = access_[place].login->has_value();
    return Fail(Code::kDenied, "{} gives no token for {} to {}. {}", realm.url.Authority(), name_,
                known ? "the login that is kept for it" : "strangers, or there is no such image",
                HowToLogIn(places_[place].login));
  }
  if (!token) return std::unexpected(token.error());
  SecretWriter value(2 * fetch::limits::kBody);
  value.Put(kBearer);
  value.Put(token->token.Reveal());
  access_[place].authorization = value.Take();
  access_[place].until = Clock::now() + token->lifetime;
  return {};
}

Status Repository::LookUpLogin() {
  const std::scoped_lock lock(mutex_);
  AILERON_TRY(KeptLogin(0));
  return {};
}

Result<Secret> Repository::EngineLogin(Tokens tokens) {
  const std::scoped_lock lock(mutex_);
  const Access& access = access_.front();
  const Login* login = access.login && *access.login ? &**access.login : nullptr;
  SecretWriter json(8 * fetch::limits::kBody), header(12 * fetch::limits::kBody);
  const auto put = [&json](std::string_view name, std::string_view value) {
    json.Put(json.View().empty() ? "{\"" : ",\"");
    json.Put(name);
    json.Put("\":\"");
    json.PutJson(value);
    json.Put("\"");
  };
  if (login != nullptr && !login->identity_token.empty()) {
    put("identitytoken", login->identity_token.Reveal());
  } else if (login != nullptr) {
    put("username", login->user);
    put("password", login->password.Reveal());
  } else if (access.by_vault && tokens == Tokens::kTaken) {
    put("registrytoken", access.authorization.Reveal().substr(kBearer.size()));
  } else {
    return Secret();
  }
  put("serveraddress", LoginName(places_.front().login));
  json.Put("}");
  header.PutBase64Url(json.View());
  AILERON_CHECK(!json.overflowed() && !header.overflowed());
  return header.Take();
}

std::unexpected<Error> Repository::Denied(std::size_t place, const Question& question,
                                          const fetch::Response& answer) {
  const std::scoped_lock lock(mutex_);
  const auto& login = access_[place].login;
  const bool known = login && login->has_value();
  return Fail(Code::kDenied, "{}. {}",
              WithReason(fmt::format("{} {} {}", places_[place].url.Authority(),
                                     known ? "does not let the login that is kept for it read"
                                           : "has no such image, or wants a login for",
                                     question.what),
                         answer),
              HowToLogIn(places_[place].login));
}

}  // namespace aileron::registry
