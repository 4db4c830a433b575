#include "daemon/oauth2_opening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

vault::OAuth2Settings Settings() {
  return vault::OAuth2Settings::Check({{"token_url", "https://login.example/token"},
                                       {"grant", "refresh_token"},
                                       {"client_id", "me"}})
      .value();
}

std::expected<TokenAnswer, Unopened> Read(int status, std::string_view body) {
  return ReadTokenAnswer(Settings(), "oauth2/example", status, body, Secret("old-refresh"));
}

std::string CodeOf(int status, std::string_view body) {
  const auto answer = Read(status, body);
  return answer ? "given" : answer.error().code;
}

TEST(OAuth2, AnAccessTokenIsReadWithItsLifetime) {
  const auto answer = Read(200, R"({"access_token":"a-token","token_type":"Bearer",)"
                                R"("expires_in":3600,"refresh_token":"new","scope":"x"})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->access.secret.Reveal(), "a-token");
  EXPECT_EQ(answer->refresh->Reveal(), "new");
  EXPECT_EQ(answer->access.valid, std::chrono::seconds(3600));
  EXPECT_EQ(answer->access.keep, std::chrono::seconds(3600) - Duration(limits::kOAuth2Ahead));
}

TEST(OAuth2, ALifetimeIsTakenAsServersWriteIt) {
  const auto valid = [](std::string_view expires) {
    return Read(200, fmt::format(R"({{"access_token":"a","token_type":"bearer"{}}})", expires))
        ->access.valid;
  };
  EXPECT_EQ(valid(""), Duration(limits::kOAuth2Lifetime));
  EXPECT_EQ(valid(R"(,"expires_in":"10")"), std::chrono::seconds(10));
  EXPECT_EQ(valid(R"(,"expires_in":-5)"), Duration::zero());
  EXPECT_EQ(valid(R"(,"expires_in":99999999999)"), Duration(limits::kOAuth2Longest));
  EXPECT_EQ(valid(R"(,"expires_in":1.5)"), Duration(limits::kOAuth2Lifetime));
}

TEST(OAuth2, ARefusalSaysWhatToDo) {
  const auto grant =
      Read(400, R"({"error":"invalid_grant","error_description":"old-refresh was revoked"})");
  EXPECT_EQ(grant.error().code, "oauth2_denied");
  EXPECT_THAT(grant.error().message, HasSubstr("*** was revoked"));
  EXPECT_THAT(grant.error().hint, HasSubstr("aileron secret set oauth2/example"));
  EXPECT_THAT(Read(401, R"({"error":"invalid_client"})").error().hint, HasSubstr("client_id"));
  EXPECT_THAT(Read(400, R"({"error":"invalid_scope"})").error().hint, HasSubstr("scope"));
  EXPECT_EQ(CodeOf(503, "<html>down</html>"), "oauth2_failed");
  EXPECT_EQ(CodeOf(302, ""), "oauth2_failed");
}

TEST(OAuth2, AnAnswerOfAnotherShapeGivesNothing) {
  for (const char* body :
       {"", "{}", "[]", "access_token=a&token_type=bearer", R"({"access_token":"a"})",
        R"({"access_token":"","token_type":"bearer"})",
        R"({"access_token":"a","token_type":"mac"})", R"({"access_token":1,"token_type":"bearer"})",
        R"({"access_token":"a","access_token":"b","token_type":"bearer"})"}) {
    EXPECT_EQ(CodeOf(200, body), "oauth2_failed") << body;
  }
  EXPECT_FALSE(Read(200, R"({"access_token":"a","token_type":"bearer","refresh_token":""})")
                   ->refresh.has_value());
}

}  // namespace
}  // namespace aileron::daemon
