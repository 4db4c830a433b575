#include "fetch/token_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fetch/limits.h"

namespace aileron::fetch {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

RemoteFile Realm() { return RemoteFile::Parse("https://auth.test/token?a=b").value(); }

TEST(TokenServer, ARealmAsksForNothingByItself) {
  EXPECT_EQ(ParseRealm("https://auth.test/token")->Name(), "https://auth.test/token");
  EXPECT_EQ(ParseRealm("https://auth.test/token?scope=x").error().code, Code::kDenied);
  EXPECT_EQ(ParseRealm("http://auth.test/token").error().code, Code::kInvalid);
}

TEST(TokenServer, IsAskedForPullingOneRepository) {
  auto request = TokenRequest({.realm = Realm(),
                               .service = "a b",
                               .repository = "team/app",
                               .authorization = Secret("Basic eDp5"),
                               .identity_token = {}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->target, "/token?a=b&service=a%20b&scope=repository%3Ateam%2Fapp%3Apull");
  ASSERT_EQ(request->secret_headers.size(), 1);
  EXPECT_EQ(request->secret_headers[0].second.Reveal(), "Basic eDp5");
  request = TokenRequest({.realm = Realm(),
                          .service = "s",
                          .repository = "r",
                          .authorization = {},
                          .identity_token = {}});
  EXPECT_TRUE(request->secret_headers.empty());
}

TEST(TokenServer, AnIdentityTokenGoesInAForm) {
  const auto request = TokenRequest({.realm = Realm(),
                                     .service = "s",
                                     .repository = "r",
                                     .authorization = {},
                                     .identity_token = Secret("i&d")});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/token?a=b");
  EXPECT_EQ(request->body.Reveal(),
            "grant_type=refresh_token&service=s&scope=repository%3Ar%3Apull&client_id=aileron&"
            "refresh_token=i%26d");
  EXPECT_FALSE(TokenRequest({.realm = Realm(),
                             .service = "s",
                             .repository = "r",
                             .authorization = {},
                             .identity_token = Secret(std::string(limits::kBody, 'x'))}));
}

Result<RegistryToken> Read(int status, std::string_view body) {
  return ReadToken(Realm(), Response{.status = status, .headers = {}, .body = Secret(body)});
}

TEST(TokenServer, BothNamesOfATokenAreRead) {
  EXPECT_EQ(Read(200, R"({"token":"t","access_token":"u"})")->token.Reveal(), "t");
  EXPECT_EQ(Read(200, R"({"access_token":"u"})")->token.Reveal(), "u");
}

TEST(TokenServer, ALifetimeIsBounded) {
  EXPECT_EQ(Read(200, R"({"token":"t"})")->lifetime, limits::kTokenLeast);
  EXPECT_EQ(Read(200, R"({"token":"t","expires_in":300})")->lifetime, seconds(300));
  EXPECT_EQ(Read(200, R"({"token":"t","expires_in":-5})")->lifetime, limits::kTokenLeast);
  EXPECT_EQ(Read(200, R"({"token":"t","expires_in":9223372036854775807})")->lifetime,
            limits::kTokenLongest);
}

TEST(TokenServer, ARefusalIsToldFromNoAnswer) {
  EXPECT_EQ(Read(401, "").error().code, Code::kDenied);
  EXPECT_EQ(Read(403, R"({"token":"t"})").error().code, Code::kDenied);
  for (const char* body : {"", "[]", "{}", R"({"token":""})", R"({"token":7})"}) {
    const auto token = Read(200, body);
    EXPECT_EQ(token.error().code, Code::kUnavailable) << body;
    EXPECT_THAT(token.error().message, HasSubstr("https://auth.test/token"));
  }
  EXPECT_EQ(Read(500, R"({"token":"t"})").error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace aileron::fetch
