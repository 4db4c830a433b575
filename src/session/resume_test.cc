#include "session/resume.h"

#include <gtest/gtest.h>

#include "crypto/aead.h"

namespace aileron::session {
namespace {

ResumeState Example() {
  ResumeState state;
  state.session = {.id = "01ID",
                   .command = {"sh", "-c", "x"},
                   .workspace = "/w",
                   .driver = "native",
                   .tier = "host",
                   .image = "host",
                   .profile = "guarded",
                   .launcher_pid = 42,
                   .started = Time(std::chrono::seconds(9))};
  state.network = {.profile = "guarded",
                   .allow = {"a.example:8443"},
                   .deny = {"b.example"},
                   .ask = {"POST a.example/x/**"},
                   .user_policy = "version: 1\n",
                   .project = {{"/p/q/aileron.yaml", "version: 1\nnetwork:\n"},
                               {"/p/aileron.yaml", "version: 1\n"}},
                   .upstream_ca = "PEM",
                   .connect_to = {"a.example:443:127.0.0.1:8443"},
                   .upstream_proxy = "http://me@proxy.example:3128",
                   .upstream_proxy_credential = "token/proxy",
                   .no_proxy = "example.org",
                   .timeouts = {"connect=5s", "idle=none"},
                   .opaque = {"db.example:5432"}};
  state.commands.otherwise = command::Action::kAsk;
  state.commands.filtered = true;
  state.commands.rules = {{.layer = command::Layer::kUser,
                           .action = command::Action::kRedirect,
                           .pattern = "git push",
                           .by = "gh",
                           .redirect = {"git", "push", "-n"},
                           .reason = "why",
                           .id = "r1",
                           .source = "policy.yaml:3:1"}};
  state.sentinels["github"] = {.variable = "GITHUB_TOKEN",
                               .value = "ghp_aileron",
                               .secret_key = "s",
                               .file = "~/.token",
                               .content = "t=ghp_aileron\n"};
  state.ca_certificate = "CERT";
  state.ca_key = Secret("the authority's key");
  state.proxy_password = Secret("the proxy's password");
  return state;
}

TEST(ResumeTest, WhatWasSealedComesBack) {
  const Secret key = crypto::MakeAeadKey();
  const ResumeState state = Example();
  const auto opened = OpenResume(key, SealResume(key, state));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->session.id, "01ID");
  EXPECT_EQ(opened->session.command, state.session.command);
  EXPECT_EQ(opened->session.launcher_pid, 42);
  EXPECT_EQ(opened->session.started, state.session.started);
  EXPECT_EQ(opened->network, state.network);
  EXPECT_EQ(opened->sentinels, state.sentinels);
  EXPECT_EQ(opened->commands.otherwise, command::Action::kAsk);
  EXPECT_TRUE(opened->commands.filtered);
  ASSERT_EQ(opened->commands.rules.size(), 1u);
  const command::CommandRule& rule = opened->commands.rules[0];
  EXPECT_EQ(rule.layer, command::Layer::kUser);
  EXPECT_EQ(rule.action, command::Action::kRedirect);
  EXPECT_EQ(rule.pattern, "git push");
  EXPECT_EQ(rule.by, "gh");
  EXPECT_EQ(rule.redirect.size(), 3u);
  EXPECT_EQ(rule.id + rule.reason + rule.source, "r1whypolicy.yaml:3:1");
  EXPECT_EQ(opened->ca_certificate, "CERT");
  EXPECT_EQ(opened->ca_key.Reveal(), "the authority's key");
  EXPECT_EQ(opened->proxy_password.Reveal(), "the proxy's password");
}

TEST(ResumeTest, NothingOfItIsReadableOrChangeable) {
  const Secret key = crypto::MakeAeadKey();
  const std::string sealed = SealResume(key, Example());
  EXPECT_EQ(sealed.find("authority"), std::string::npos);
  EXPECT_EQ(sealed.find("a.example"), std::string::npos);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(OpenResume(key, changed).has_value()) << i;
  }
  EXPECT_FALSE(OpenResume(crypto::MakeAeadKey(), sealed).has_value());
  EXPECT_FALSE(OpenResume(key, "").has_value());
  // Sealed with the same key for another purpose.
  EXPECT_FALSE(OpenResume(key, crypto::Seal(key, "x", "another purpose")).has_value());
}

}  // namespace
}  // namespace aileron::session
