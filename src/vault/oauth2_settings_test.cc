#include "vault/oauth2_settings.h"

#include <gtest/gtest.h>

namespace aileron::vault {
namespace {

const Settings kClient{{"token_url", "https://login.example/token"},
                       {"grant", "client_credentials"},
                       {"client_id", "me"}};
const Settings kRefresh{{"token_url", "https://login.example/token"},
                        {"grant", "refresh_token"},
                        {"client_id", "me"},
                        {"client_secret", "secret/me"},
                        {"client_auth", "post"},
                        {"scope", "read write"},
                        {"ca", "/ca.pem"}};

std::string Wrong(Settings settings, std::string key = "", std::string value = "") {
  if (!key.empty()) settings.emplace_back(std::move(key), std::move(value));
  const auto oauth2 = OAuth2Settings::Check(settings);
  return oauth2 ? "nothing" : oauth2.error().field;
}

TEST(OAuth2Settings, WhatIsWrittenIsReadAsTheSame) {
  for (const Settings& settings : {kClient, kRefresh}) {
    const auto oauth2 = OAuth2Settings::Check(settings);
    ASSERT_TRUE(oauth2) << oauth2.error().message;
    EXPECT_EQ(oauth2->Write(), settings);
  }
  EXPECT_EQ(OAuth2Settings::Check(kRefresh)->endpoint.path, "/token");
  EXPECT_EQ(OAuth2Settings::Check(kClient)->client_auth, OAuth2Settings::ClientAuth::kBasic);
}

TEST(OAuth2Settings, AMistakeNamesItsKey) {
  EXPECT_EQ(Wrong({}), "oauth2");
  for (std::size_t i = 0; i < kClient.size(); ++i) {
    Settings fewer = kClient;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(Wrong(fewer), "oauth2");
  }
  EXPECT_EQ(Wrong(kClient, "client_secret", "secret/me"), "oauth2.client_secret");
  EXPECT_EQ(Wrong(kClient, "scope", "a  b"), "oauth2.scope");
  EXPECT_EQ(Wrong(kClient, "scope", "a\"b"), "oauth2.scope");
  EXPECT_EQ(Wrong(kClient, "ca", "ca.pem"), "oauth2.ca");
  EXPECT_EQ(Wrong(kClient, "client_auth", "none"), "oauth2.client_auth");
  EXPECT_EQ(Wrong(kClient, "token", "x"), "oauth2.token");
  Settings changed = kClient;
  changed[0].second = "http://login.example/token";
  EXPECT_EQ(Wrong(changed), "oauth2.token_url");
  changed = kClient;
  changed[1].second = "password";
  EXPECT_EQ(Wrong(changed), "oauth2.grant");
  // A public client has no way to show a secret.
  changed = kClient;
  changed[1].second = "refresh_token";
  EXPECT_EQ(Wrong(changed), "nothing");
  EXPECT_EQ(Wrong(changed, "client_auth", "basic"), "oauth2.client_auth");
  EXPECT_EQ(Wrong(changed, "client_secret", "NO NAME"), "oauth2.client_secret");
}

}  // namespace
}  // namespace aileron::vault
