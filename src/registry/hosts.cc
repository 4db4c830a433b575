#include "registry/hosts.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/host_pattern.h"
#include "base/text.h"
#include "image/reference.h"
#include "policy/plain_yaml.h"
#include "registry/limits.h"

namespace aileron::registry {

namespace {

using policy::YamlKind;
using policy::YamlNode;

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kDockerHost = "registry-1.docker.io";
constexpr std::string_view kDockerTokens = "auth.docker.io";

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<Settings> Read(const YamlNode& root);

 private:
  Result<HostSettings> ReadHost(const YamlNode& node);
  Result<Place> ReadMirror(const YamlNode& node);
  Status Keys(const YamlNode& map, std::span<const std::string_view> known) const;
  std::unexpected<Error> At(const YamlNode& node, std::string_view what) const {
    return policy::FailAt(file_, node.place, what);
  }

  std::string_view file_;
};

Status Reader::Keys(const YamlNode& map, std::span<const std::string_view> known) const {
  for (const YamlNode& member : map.items) {
    if (std::ranges::find(known, member.key) == known.end()) {
      return policy::FailAt(file_, member.key_place, policy::Unknown(member.key, "a key", known));
    }
  }
  return {};
}

Result<Place> Reader::ReadMirror(const YamlNode& node) {
  if (node.kind != YamlKind::kScalar) return At(node, "a mirror is a URL");
  const bool plain = node.text.starts_with(kHttp);
  // Who writes it here has named it, so it need not be this machine.
  auto url = ServiceUrl::Parse(plain ? "https://" + node.text.substr(kHttp.size()) : node.text);
  if (!url) return At(node, fmt::format("a mirror: {}", url.error().message));
  Place place{.url = *std::move(url), .prefix = {}, .ca = {}, .mirror = true};
  if (plain) {
    const std::string_view rest = std::string_view(node.text).substr(kHttp.size());
    AILERON_ASSIGN(const HostPort where, ParseHostPort(rest.substr(0, rest.find('/'))));
    place.url.tls = false;
    place.url.port = where.port.value_or(80);
  }
  place.login = place.url.Authority();
  const std::string_view prefix = Trim(place.url.path, "/");
  if (!prefix.empty()) place.prefix = std::string(prefix) + "/";
  return place;
}

Result<HostSettings> Reader::ReadHost(const YamlNode& node) {
  if (node.kind != YamlKind::kMap) return At(node, "a registry has a map of settings");
  constexpr auto kKeys =
      std::to_array<std::string_view>({"plain_http", "ca", "token_server", "mirrors"});
  AILERON_TRY(Keys(node, kKeys));
  HostSettings host;
  if (const YamlNode* plain = node.Find("plain_http")) {
    if (plain->quoted || (plain->text != "true" && plain->text != "false"))
      return At(*plain, "plain_http is true or false");
    host.plain_http = plain->text == "true";
  }
  if (const YamlNode* ca = node.Find("ca")) {
    if (ca->kind != YamlKind::kScalar || !ca->text.starts_with('/'))
      return At(*ca, "ca is the absolute path of a file");
    host.ca = ca->text;
  }
  if (const YamlNode* server = node.Find("token_server")) {
    const auto where = ParseHostPort(server->text);
    if (server->kind != YamlKind::kScalar || !where || where->pattern.wildcard())
      return At(*server, "token_server is HOST or HOST:PORT");
    host.token_server = server->text;
  }
  if (const YamlNode* mirrors = node.Find("mirrors")) {
    if (mirrors->kind != YamlKind::kList) return At(*mirrors, "mirrors is a list of URLs");
    if (mirrors->items.size() > limits::kMirrorsMax)
      return At(*mirrors, fmt::format("more than {} mirrors", limits::kMirrorsMax));
    for (const YamlNode& mirror : mirrors->items) {
      AILERON_ASSIGN(Place place, ReadMirror(mirror));
      host.mirrors.push_back(std::move(place));
    }
  }
  return host;
}

Result<Settings> Reader::Read(const YamlNode& root) {
  Settings settings;
  if (root.kind == YamlKind::kNull) return settings;
  if (root.kind != YamlKind::kMap) return At(root, "expected a map with version and registries");
  constexpr auto kKeys = std::to_array<std::string_view>({"version", "registries"});
  AILERON_TRY(Keys(root, kKeys));
  const YamlNode* version = root.Find("version");
  if (version == nullptr || version->text != "1")
    return At(root, "the first line is \"version: 1\"");
  const YamlNode* registries = root.Find("registries");
  if (registries == nullptr) return settings;
  if (registries->kind != YamlKind::kMap) return At(*registries, "registries is a map by domain");
  if (registries->items.size() > limits::kHostsMax)
    return At(*registries, fmt::format("more than {} registries", limits::kHostsMax));
  for (const YamlNode& node : registries->items) {
    const auto where = ParseHostPort(node.key);
    if (!where || where->pattern.wildcard())
      return policy::FailAt(file_, node.key_place, "a registry is named HOST or HOST:PORT");
    AILERON_ASSIGN(settings.hosts[node.key], ReadHost(node));
  }
  return settings;
}

bool IsFile(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::string CertificateFor(const Settings& settings, const ServiceUrl& url) {
  for (const std::string& folder : settings.certificates) {
    const std::string path = fmt::format("{}/{}/ca.crt", folder, url.Authority());
    if (IsFile(path)) return path;
  }
  return {};
}

}  // namespace

Result<Settings> ParseSettings(std::string_view text, std::string_view file) {
  AILERON_ASSIGN(const YamlNode root, policy::ParsePlainYaml(text, file));
  return Reader(file).Read(root);
}

Result<std::vector<Place>> PlacesFor(const Settings& settings, std::string_view domain) {
  const auto found = settings.hosts.find(std::string(domain));
  const HostSettings host = found == settings.hosts.end() ? HostSettings() : found->second;
  std::vector<Place> places = host.mirrors;
  AILERON_ASSIGN(const HostPort where,
                 ParseHostPort(domain == image::kDockerDomain ? kDockerHost : domain));
  places.push_back({.url = {.tls = !host.plain_http,
                            .host = where.pattern.host(),
                            .port = where.port.value_or(host.plain_http ? 80 : 443)},
                    .prefix = {},
                    .ca = host.ca,
                    .login = std::string(domain),
                    .token_server = host.token_server});
  if (domain == image::kDockerDomain && host.token_server.empty()) {
    places.back().token_server = kDockerTokens;
  }
  for (Place& place : places) {
    if (place.ca.empty() && place.url.tls) place.ca = CertificateFor(settings, place.url);
  }
  return places;
}

}  // namespace aileron::registry
