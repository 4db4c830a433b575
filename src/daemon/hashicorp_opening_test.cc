#include "daemon/hashicorp_opening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

vault::CredentialSource Source() {
  return vault::CredentialSource::Check({{"hashicorp", "https://v.example"},
                                         {"path", "work/api"},
                                         {"field", "value"},
                                         {"token", "token/hashicorp"},
                                         {"cache", "10s"}})
      .value();
}

std::string CodeOf(int status, std::string_view body) {
  const auto fresh = ReadHashicorp(Source(), status, body);
  return fresh ? "opened" : fresh.error().code;
}

TEST(Hashicorp, TheFieldOfTheNewestVersionIsTheCredential) {
  const auto fresh = ReadHashicorp(
      Source(), 200,
      R"({"request_id":"x","data":{"data":{"other":"no","value":"s3\u0063ret"},"metadata":{"version":3}}})");
  ASSERT_TRUE(fresh) << fresh.error().message;
  EXPECT_EQ(fresh->secret.Reveal(), "s3cret");
  EXPECT_EQ(fresh->keep, std::chrono::seconds(10));
}

TEST(Hashicorp, EachFailureSaysWhatToLookAt) {
  EXPECT_EQ(CodeOf(403, R"({"errors":["permission denied"]})"), "source_denied");
  EXPECT_EQ(CodeOf(404, R"({"errors":[]})"), "source_missing");
  EXPECT_EQ(CodeOf(503, R"({"errors":["Vault is sealed"]})"), "source_sealed");
  EXPECT_EQ(CodeOf(500, "<html>"), "source_failed");
  const auto failed = ReadHashicorp(Source(), 400, R"({"errors":["no such namespace"]})");
  EXPECT_THAT(failed.error().hint, HasSubstr("no such namespace"));
  EXPECT_THAT(ReadHashicorp(Source(), 404, "").error().message, HasSubstr("secret/work/api"));
}

TEST(Hashicorp, AnAnswerOfAnotherShapeGivesNothing) {
  EXPECT_EQ(CodeOf(200, ""), "source_failed");
  EXPECT_EQ(CodeOf(200, "[]"), "source_failed");
  EXPECT_EQ(CodeOf(200, R"({"data":{"value":"version one"}})"), "source_failed");
  EXPECT_EQ(CodeOf(200, R"({"data":{"data":null}})"), "source_failed");
  EXPECT_EQ(CodeOf(200, R"({"data":{"data":{}}})"), "source_missing");
  EXPECT_EQ(CodeOf(200, R"({"data":{"data":{"value":12}}})"), "source_empty");
  EXPECT_EQ(CodeOf(200, R"({"data":{"data":{"value":""}}})"), "source_empty");
  EXPECT_EQ(CodeOf(200, R"({"data":{"data":{"value":"a","value":"b"}}})"), "source_missing");
}

}  // namespace
}  // namespace aileron::daemon
