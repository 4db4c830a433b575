#include "vault/oauth2_settings.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vault/entry_name.h"

namespace aileron::vault {
namespace {

constexpr auto kGrants = std::to_array<std::string_view>({"client_credentials", "refresh_token"});
constexpr auto kAuths = std::to_array<std::string_view>({"basic", "post"});

// scope = 1*NQCHAR *( SP 1*NQCHAR ): anything visible but quotes and backslashes (§3.3).
bool IsScope(std::string_view text) {
  return std::ranges::none_of(Split(text, ' '), [](std::string_view name) {
    return name.empty() || name.find_first_of("\"\\") != std::string_view::npos;
  });
}

}  // namespace

std::expected<OAuth2Settings, FieldError> OAuth2Settings::Check(const Settings& settings) {
  SettingsReader reader("oauth2", settings);
  OAuth2Settings oauth2;
  oauth2.token_url = reader.Text("token_url");
  const auto grant = reader.Choice("grant", kGrants);
  oauth2.client_id = reader.Text("client_id");
  oauth2.client_secret = reader.Text("client_secret");
  const auto auth = reader.Choice("client_auth", kAuths);
  oauth2.scope = reader.Text("scope");
  oauth2.ca = reader.Text("ca");
  if (auto all = reader.Check(); !all) return std::unexpected(all.error());
  if (!grant) return std::unexpected(grant.error());
  if (!auth) return std::unexpected(auth.error());
  oauth2.grant = static_cast<Grant>(*grant);
  oauth2.client_auth = static_cast<ClientAuth>(*auth);
  for (const std::string_view needed : {"token_url", "grant", "client_id"}) {
    if (!reader.Has(needed)) return reader.Wrong("", fmt::format("needs {}", needed));
  }
  auto endpoint = ServiceUrl::Parse(oauth2.token_url);
  if (!endpoint) return reader.Wrong("token_url", endpoint.error().message);
  oauth2.endpoint = *std::move(endpoint);
  const bool refresh = oauth2.grant == Grant::kRefreshToken;
  if (!oauth2.client_secret.empty()) {
    if (!refresh) {
      return reader.Wrong("client_secret",
                          "with client_credentials the binding's credential is "
                          "the client's secret");
    }
    if (auto ok = CheckName(oauth2.client_secret); !ok) {
      return reader.Wrong("client_secret", ok.error().message);
    }
  } else if (refresh && reader.Has("client_auth")) {
    return reader.Wrong("client_auth", "needs client_secret: a public client sends no secret");
  }
  if (!oauth2.scope.empty() && !IsScope(oauth2.scope)) {
    return reader.Wrong("scope", "must be names separated by one blank each");
  }
  if (!oauth2.ca.empty() && !oauth2.ca.starts_with('/')) {
    return reader.Wrong("ca", "must be an absolute path");
  }
  return oauth2;
}

Settings OAuth2Settings::Write() const {
  Settings settings{{"token_url", token_url},
                    {"grant", std::string(kGrants[static_cast<std::size_t>(grant)])},
                    {"client_id", client_id}};
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) settings.emplace_back(key, value);
  };
  add("client_secret", client_secret);
  if (client_auth == ClientAuth::kPost) add("client_auth", kAuths[1]);
  add("scope", scope);
  add("ca", ca);
  return settings;
}

}  // namespace aileron::vault
