#include "daemon/webhook_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using nlohmann::json;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""us;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Time kThen{std::chrono::seconds(1'614'265'330)};

approval::Approval Example() {
  approval::Approval approval{.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"};
  approval.question = {.session = "01S",
                       .agent = "claude",
                       .subject = approval::Subject::kOperation,
                       .title = "create an issue",
                       .fields = {{"title", "a \"bug\""}, {"token", "••••"}},
                       .arguments = R"({"token":"s3cret"})",
                       .preview = "what the site said",
                       .expires = kThen + 60min};
  return approval;
}

// The example of the specification's own libraries.
TEST(WebhookMessage, IsSignedAsStandardWebhooksSays) {
  const auto key = WebhookKey(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(WebhookSignature(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330,
                             R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookMessage, AKeyIsTheEntryAsItIsOrTheBytesBehindItsPrefix) {
  EXPECT_EQ(WebhookKey(Secret("plain text"))->Reveal(), "plain text");
  EXPECT_EQ(WebhookKey(Secret("whsec_aGVsbG8="))->Reveal(), "hello");
  EXPECT_EQ(WebhookKey(Secret("whsec_aGVsbG8=\n"))->Reveal(), "hello");
  for (const std::string_view bad : {"whsec_", "whsec_!", "whsec_aGVsbG8"}) {
    const auto key = WebhookKey(Secret(bad));
    ASSERT_FALSE(key.has_value()) << bad;
    EXPECT_EQ(key.error().code, Code::kInvalid);
  }
}

TEST(WebhookMessage, TellsWhatWasAskedAndNothingOfWhatASiteAnswered) {
  approval::Approval approval = Example();
  approval.outcome = approval::Outcome{.status = 201, .body = "the answer"};
  const WebhookMessage message =
      MessageOf({.seq = 7, .time = kThen, .change = approval::Change::kSucceeded},
                Occasion::kFinished, approval);
  EXPECT_EQ(message.id, "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV_7");
  const json body = json::parse(message.body);
  EXPECT_EQ(body["type"], "approval.finished");
  EXPECT_EQ(body["timestamp"], "2021-02-25T15:02:10.000Z");
  EXPECT_EQ(body["data"]["title"], "create an issue");
  EXPECT_EQ(body["data"]["fields"][0], (json{{"name", "title"}, {"value", "a \"bug\""}}));
  EXPECT_EQ(body["data"]["expires"], "2021-02-25T16:02:10.000Z");
  EXPECT_EQ(body["data"]["outcome"], (json{{"status", 201}, {"code", ""}}));
  EXPECT_THAT(message.body, Not(HasSubstr("what the site said")));
  EXPECT_THAT(message.body, Not(HasSubstr("the answer")));
  EXPECT_THAT(message.body, Not(HasSubstr("s3cret")));
}

TEST(WebhookMessage, TheSameEventHasTheSameIdAndAnotherOneAnother) {
  const auto id = [](std::int64_t seq) {
    return MessageOf({.seq = seq, .time = kThen}, Occasion::kCreated, Example()).id;
  };
  EXPECT_EQ(id(1), id(1));
  EXPECT_NE(id(1), id(2));
  EXPECT_NE(TestMessage(kThen).id, TestMessage(kThen).id);
}

TEST(WebhookMessage, ARequestCarriesTheThreeFieldsAndReadsNoAnswer) {
  const Webhook webhook{
      .url = *ServiceUrl::Parse("https://a.test/hook"), .secret = "webhook/a", .ca = "/ca.pem"};
  const WebhookMessage message{"msg_1", "{}"};
  const auto request = WebhookRequest(webhook, message, Secret("key"), kThen + 999'999us);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/hook");
  EXPECT_EQ(request->ca, "/ca.pem");
  EXPECT_EQ(request->body.Reveal(), "{}");
  EXPECT_EQ(request->answer, fetch::Request::Answer::kStatusAlone);
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(request->headers,
              ::testing::IsSupersetOf(
                  {Field{"webhook-id", "msg_1"}, Field{"webhook-timestamp", "1614265330"},
                   Field{"webhook-signature",
                         WebhookSignature(Secret("key"), "msg_1", 1'614'265'330, "{}")}}));
  const auto bad = WebhookRequest(webhook, message, Secret("whsec_!"), kThen);
  ASSERT_FALSE(bad.has_value());
  EXPECT_THAT(bad.error().message, HasSubstr("webhook/a"));
}

TEST(WebhookMessage, TheLargestQuestionFits) {
  approval::Approval approval = Example();
  approval.question.fields.clear();
  // Every byte is escaped.
  for (int i = 0; i < 16; ++i) {
    approval.question.fields.push_back({"name", std::string(4'000, '"')});
  }
  approval.question.project = std::string(4'096, '\\');
  EXPECT_LT(MessageOf({.seq = 1}, Occasion::kCreated, approval).body.size(), limits::kWebhookBody);
}

TEST(WebhookMessage, PausesGrowToABound) {
  EXPECT_EQ(PauseAfter(1), 1s);
  EXPECT_EQ(PauseAfter(2), 2s);
  EXPECT_EQ(PauseAfter(9), 256s);
  EXPECT_EQ(PauseAfter(10), limits::kWebhookLongestPause);
  EXPECT_EQ(PauseAfter(1'000'000), limits::kWebhookLongestPause);
  EXPECT_EQ(PauseAfter(1, 30s), 30s);
  EXPECT_EQ(PauseAfter(4, 2s), 8s);
  EXPECT_EQ(PauseAfter(1, std::chrono::hours(24)), limits::kWebhookLongestPause);
}

}  // namespace
}  // namespace aileron::daemon
