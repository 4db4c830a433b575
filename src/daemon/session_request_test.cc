#include "daemon/session_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/limits.h"
#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view json) {
  const auto request = ParseSessionRequest(json);
  return request ? "no error" : request.error().message;
}

TEST(SessionRequestTest, ALaunchersRequestIsRead) {
  const auto request = ParseSessionRequest(
      R"({"command":["sh","-c","x"],"workspace":"/w","driver":"native","tier":"host","image":"host","pid":42,
          "network":{"profile":"open","allow":["a.example"],"deny":["b.example"],"ask":["POST a.example/x"]},
          "upstream_ca":"-----BEGIN CERTIFICATE-----","connect_to":["a:443:127.0.0.1:8443"]})");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->session.command.size(), 3u);
  EXPECT_EQ(request->session.launcher_pid, 42);
  EXPECT_EQ(request->network.profile, "open");
  EXPECT_EQ(request->network.allow[0], "a.example");
  EXPECT_EQ(request->network.ask[0], "POST a.example/x");
  EXPECT_EQ(ParseSessionRequest(R"({"command":["x"]})")->network.profile, "");
}

TEST(SessionRequestTest, RulesAboutCommandsAreReadAndTheirMistakesAreNamed) {
  const auto request = ParseSessionRequest(
      R"({"command":["x"],"commands":{"deny":["git push --force"],"ask":["npm publish"],"default":"ask"}})");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  ASSERT_EQ(request->commands.rules.size(), 2u);
  EXPECT_EQ(request->commands.rules[0].id, "--command-ask npm publish");
  EXPECT_EQ(request->commands.rules[1].action, command::Action::kDeny);
  EXPECT_EQ(request->commands.otherwise, command::Action::kAsk);
  EXPECT_TRUE(request->commands.mediated());
  EXPECT_FALSE(ParseSessionRequest(R"({"command":["x"],"commands":{}})")->commands.mediated());
  EXPECT_TRUE(ParseSessionRequest(R"({"command":["x"],"commands":{"default":"deny"}})")
                  ->commands.mediated());
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"commands":{"default":"maybe"}})"), HasSubstr("default"));
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"commands":{"forbid":["a"]}})"), HasSubstr("forbid"));
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"commands":{"deny":[""]}})"),
              HasSubstr("--command-deny"));
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"commands":[]})"), HasSubstr("must be an object"));
}

TEST(SessionRequestTest, MistakesAreNamed) {
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("JSON object"));
  EXPECT_THAT(ErrorOf("{"), HasSubstr("JSON object"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("\"command\" is missing"));
  EXPECT_THAT(ErrorOf(R"({"command":"sh"})"), HasSubstr("\"command\" must be a list"));
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"wrkspace":"/"})"),
              HasSubstr("unknown member \"wrkspace\""));
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"network":{"alow":[]}})"), HasSubstr("network.alow"));
  // The user's file is the daemon's to read.
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"network":{"rules":"version: 1"}})"),
              HasSubstr("network.rules"));
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"pid":"1"})"), HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf(R"({"command":["x"],"upstream_ca":"no"})"), HasSubstr("--upstream-ca"));
  EXPECT_THAT(ErrorOf(R"({"resume":"!"})"), HasSubstr("base64"));
  EXPECT_THAT(ErrorOf(fmt::format(R"({{"command":["x"],"upstream_ca":"{}"}})",
                                  std::string(limits::kUpstreamCa + 1, 'x'))),
              HasSubstr("too long"));
}

TEST(SessionRequestTest, RulesAreCompiledOrNamed) {
  const auto mistake = [](session::NetworkRequest request) {
    auto settings = CompileAlone(request, Secret());
    return settings ? "no error" : settings.error().message;
  };
  EXPECT_EQ(mistake({.profile = "open", .allow = {"a.example:8443"}}), "no error");
  EXPECT_THAT(mistake({.profile = "open", .deny = {"a b"}}), HasSubstr("--deny a b"));
  EXPECT_THAT(mistake({.profile = "open", .ask = {"post a.example"}}), HasSubstr("--ask: "));
  EXPECT_THAT(mistake({.profile = "open", .user_policy = "version: 2"}),
              HasSubstr("policy.yaml:1:"));
}

TEST(SessionRequestTest, RulesOfTheFileAndOfFlagsHoldTogether) {
  const auto settings =
      CompileAlone({.profile = "open",
                    .ask = {"POST a.example"},
                    .user_policy = "version: 1\nnetwork:\n"
                                   "  - {host: evil.example, action: deny}\n"
                                   "  - {host: a.example, path: /x, action: deny}\n"},
                   Secret());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(policy::Decide(settings->network, {.host = "evil.example"}).action,
            policy::Action::kDeny);
  const auto decide = [&](std::string_view path) {
    return settings->requests.Decide({"a.example", 443, "POST", path, {}})->action;
  };
  EXPECT_EQ(decide("/x"), policy::Action::kDeny);
  EXPECT_EQ(decide("/y"), policy::Action::kAsk);
}

TEST(SessionRequestTest, TheUpstreamProxyIsReadWithTheNameOfItsCredential) {
  session::NetworkRequest request{.profile = "open", .upstream_proxy = "http://me@p.example:3128"};
  auto settings = CompileAlone(request, Secret("pass"));
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->proxy.host, "p.example");
  EXPECT_EQ(settings->proxy.port, 3128);
  EXPECT_EQ(settings->proxy.username, "me");
  EXPECT_EQ(settings->proxy.credential, kLaunchCredential);
  request.upstream_proxy_credential = "token/proxy";
  EXPECT_EQ(CompileAlone(request, Secret())->proxy.credential, "token/proxy");
  request.upstream_proxy_credential = "no name";
  EXPECT_FALSE(CompileAlone(request, Secret()).has_value());
  EXPECT_THAT(
      CompileAlone({.profile = "open", .upstream_proxy = "ftp://p"}, Secret()).error().message,
      HasSubstr("--upstream-proxy"));
}

TEST(SessionRequestTest, OpaqueHostsAreAllowedOnTheirPortAlone) {
  const auto settings = CompileAlone(
      {.profile = "locked", .deny = {"no.example"}, .opaque = {"pinned.example", "no.example"}},
      Secret());
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_TRUE(settings->opaque.Contains("pinned.example", 443));
  const auto decide = [&](std::string_view host, std::uint16_t port) {
    return policy::Decide(settings->network, {.host = host, .port = port}).action;
  };
  EXPECT_EQ(decide("pinned.example", 443), policy::Action::kAllow);
  EXPECT_EQ(decide("pinned.example", 80), policy::Action::kAsk);
  EXPECT_EQ(decide("no.example", 443), policy::Action::kDeny);
  EXPECT_THAT(CompileAlone({.profile = "open", .opaque = {"a b"}}, Secret()).error().message,
              HasSubstr("--opaque a b"));
}

TEST(SessionRequestTest, TimeoutsAreReadOrNamed) {
  const auto settings =
      CompileAlone({.profile = "open", .timeouts = {"connect=5s", "head=none"}}, Secret());
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->timeouts.connect, std::chrono::seconds(5));
  EXPECT_EQ(settings->timeouts.head, proxy::Timeouts::kNone);
  EXPECT_THAT(CompileAlone({.profile = "open", .timeouts = {"total=5s"}}, Secret()).error().message,
              HasSubstr("--timeout"));
}

TEST(SessionRequestTest, ConnectToIsReadAsCurlDoes) {
  const auto plain = ParseConnectTo("A.example:443:127.0.0.1:8443");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host, "a.example");
  EXPECT_EQ(plain->address, "127.0.0.1");
  EXPECT_EQ(plain->to_port, 8443);
  EXPECT_EQ(ParseConnectTo("a.example:443:[::1]")->to_port, 443);
  EXPECT_EQ(ParseConnectTo("[::1]:443:[::2]:80")->host, "::1");
  for (const char* text :
       {"", "a", "a:443", "a:443:", "a:443:name", "a:0:127.0.0.1", "a:x:127.0.0.1",
        "a:443:127.0.0.1:0", "a:443:127.0.0.1:1:2", ":443:127.0.0.1", "[::1:443:1.1.1.1"}) {
    EXPECT_FALSE(ParseConnectTo(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace aileron::daemon
