#include "registry/login.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/json_view.h"
#include "base/text.h"
#include "image/reference.h"
#include "os/environment.h"
#include "os/fd.h"
#include "os/private_file.h"
#include "registry/credential_helper.h"
#include "registry/limits.h"

namespace aileron::registry {

namespace {

constexpr std::string_view kDockerName = "https://index.docker.io/v1/";
constexpr std::string_view kTokenUser = "<token>";  // a helper's answer is an identity token

// As the tools write them, the narrowest first.
std::vector<std::string> NamesOf(std::string_view domain, std::string_view path) {
  std::vector<std::string> names;
  for (std::string_view part = path; !part.empty();) {
    names.push_back(fmt::format("{}/{}", domain, part));
    const std::size_t slash = part.rfind('/');
    part = slash == part.npos ? std::string_view() : part.substr(0, slash);
  }
  names.emplace_back(domain);
  if (domain == image::kDockerDomain) names.emplace_back(kDockerName);
  for (const std::string_view end : {"", "/", "/v1/", "/v2/"}) {
    names.push_back(fmt::format("https://{}{}", domain, end));
  }
  return names;
}

std::optional<JsonView> FindAny(const JsonView& map, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (auto found = map.Find(name)) return found;
  }
  return std::nullopt;
}

bool IsHelperName(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == name.npos;
}

// Base64 of "user:password", decoded where it is wiped.
bool ReadPair(std::string_view encoded, Login& login) {
  auto pair = Base64Decode(encoded);
  if (!pair) return false;
  const std::size_t colon = pair->find(':');
  if (colon != pair->npos) {
    login.user = pair->substr(0, colon);
    // Some tools end it with NULs.
    login.password =
        Secret(Trim(std::string_view(*pair).substr(colon + 1), std::string_view("\0", 1)));
  }
  Wipe(*pair);
  return colon != pair->npos;
}

Result<std::optional<Login>> ReadAuth(const JsonView& auth, std::string_view file) {
  Login login;
  if (const auto token = auth.Find("identitytoken")) {
    if (auto text = token->Text(); text && !text->empty()) login.identity_token = *std::move(text);
  }
  if (const auto pair = auth.Find("auth")) {
    const auto text = pair->Text();
    const bool fits = text && text->size() <= limits::kLoginMax;
    if (!fits || (!text->empty() && !ReadPair(text->Reveal(), login))) {
      return Fail(Code::kInvalid, "{}: an \"auth\" in it is no base64 of user:password", file);
    }
  }
  // A helper keeps what the entry stands for.
  if (login.user.empty() && login.identity_token.empty()) return std::nullopt;
  return login;
}

Result<std::string> HelperOf(const JsonView& value, std::string_view file) {
  const std::string name = value.PlainText().value_or("");
  if (!IsHelperName(name))
    return Fail(Code::kInvalid, "{}: a helper in it has no proper name", file);
  return name;
}

bool Exists(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

std::vector<std::string> FilesOf(const LoginPlaces& places) {
  if (!places.auth_file.empty()) return {places.auth_file};
  std::vector<std::string> files;
  if (!places.runtime.empty()) files.push_back(places.runtime + "/containers/auth.json");
  files.push_back(places.config_home + "/containers/auth.json");
  files.push_back((places.docker_config.empty() ? places.home + "/.docker" : places.docker_config) +
                  "/config.json");
  return files;
}

}  // namespace

std::string LoginName(std::string_view domain) {
  return std::string(domain == image::kDockerDomain ? kDockerName : domain);
}

Result<KeptLogin> FindLogin(std::string_view text, std::string_view file, std::string_view domain,
                            std::string_view path) {
  const auto json = JsonView::Parse(text);
  if (!json || !json->is_object()) return Fail(Code::kInvalid, "{} is no JSON object", file);
  const std::vector<std::string> names = NamesOf(domain, path);
  KeptLogin kept;
  if (const auto helpers = json->Find("credHelpers")) {
    if (const auto helper = FindAny(*helpers, names)) {
      AILERON_ASSIGN(kept.helper, HelperOf(*helper, file));
      return kept;
    }
  }
  if (const auto auths = json->Find("auths")) {
    if (const auto auth = FindAny(*auths, names)) {
      AILERON_ASSIGN(kept.login, ReadAuth(*auth, file));
      if (kept.login) return kept;
    }
  }
  if (const auto store = json->Find("credsStore")) {
    if (store->PlainText() != "") {
      AILERON_ASSIGN(kept.helper, HelperOf(*store, file));
    }
  }
  return kept;
}

Result<Login> ReadHelperAnswer(std::string_view text, std::string_view helper) {
  const auto json = JsonView::Parse(text);
  const auto user = json ? json->Find("Username") : std::nullopt;
  const auto secret = json ? json->Find("Secret") : std::nullopt;
  auto name = user ? user->PlainText() : std::nullopt;
  auto value = secret ? secret->Text() : std::nullopt;
  if (!name || !value || value->size() > limits::kLoginMax) {
    return Fail(Code::kInvalid, "docker-credential-{} did not print a login", helper);
  }
  Login login;
  if (*name == kTokenUser) {
    login.identity_token = *std::move(value);
  } else {
    login.user = *std::move(name);
    login.password = *std::move(value);
  }
  return login;
}

LoginPlaces PlacesOfEnvironment() {
  LoginPlaces places{.home = os::Variable("HOME"),
                     .config_home = os::Variable("XDG_CONFIG_HOME"),
                     .runtime = os::Variable("XDG_RUNTIME_DIR"),
                     .auth_file = os::Variable("REGISTRY_AUTH_FILE"),
                     .docker_config = os::Variable("DOCKER_CONFIG"),
                     .path = os::Variable("PATH"),
                     .environment = os::Environment()};
  if (places.config_home.empty()) places.config_home = places.home + "/.config";
  return places;
}

Result<Login> ReadLogin(const LoginPlaces& places, std::string_view domain, std::string_view path) {
  for (const std::string& file : FilesOf(places)) {
    if (!Exists(file)) continue;
    auto text = os::ReadPrivateFile(file, limits::kLoginFileMax);
    const std::optional<Error> open = text ? std::nullopt : std::optional(text.error());
    if (open) {
      if (open->code != Code::kDenied) return std::unexpected(*open);
      // Others may read or write it: no login is taken out of it; what else it says is no secret.
      AILERON_ASSIGN(const std::string plain, os::ReadFile(file, limits::kLoginFileMax));
      text = Secret(plain);
    }
    AILERON_ASSIGN(KeptLogin kept, FindLogin(text->Reveal(), file, domain, path));
    if (kept.login && open) return std::unexpected(*open);
    if (kept.login) return *std::move(kept.login);
    if (kept.helper.empty()) continue;
    auto login = AskHelper(places, kept.helper, LoginName(domain));
    if (login || login.error().code != Code::kNotFound) return login;
  }
  return Fail(Code::kNotFound, "no login is kept for {}", domain);
}

}  // namespace aileron::registry
