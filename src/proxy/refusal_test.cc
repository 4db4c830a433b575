#include "proxy/refusal.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "http/limits.h"
#include "http/problem.h"

namespace aileron::proxy {
namespace {

http::RequestHead Request(std::string_view method, std::string_view fields,
                          std::string_view version = "1.1") {
  http::RequestParser parser;
  http::RequestHead head;
  const std::string text =
      fmt::format("{} / HTTP/{}\r\nHost: a.example\r\n{}\r\n", method, version, fields);
  EXPECT_EQ(parser.Parse(text, head).outcome, http::Outcome::kDone) << text;
  return head;
}

const Refusal kDenied = {.status = 403,
                         .code = "host_not_allowed",
                         .reason = "host b.example is not allowed",
                         .hint = "run with --allow b.example"};

struct Response {
  http::ResponseHead head;
  std::string body;
};

Response Answer(const Refusal& refusal, const http::RequestHead* request,
                AfterRefusal after = AfterRefusal::kKeep,
                const Site& site = {.host = "b.example"}) {
  const std::string text = RefusalResponse(refusal, site, request, after);
  Response response;
  http::ResponseParser parser;
  const http::Exchange exchange{.method = request != nullptr ? request->method_kind()
                                                             : http::MethodKind::kOther};
  const http::HeadStep step = parser.Parse(text, exchange, response.head);
  EXPECT_EQ(step.outcome, http::Outcome::kDone) << text << http::FlawText(step.flaw);
  response.body = text.substr(step.consumed);
  return response;
}

TEST(Refusal, OfWhatAPersonIsAskedSaysToComeBack) {
  const Refusal pending = RefusalOf(Verdict{.reason = "somebody is asked",
                                            .hint = "wait",
                                            .code = "approval_pending",
                                            .approval = "01A"});
  const auto request = Request("GET", "Accept: application/json\r\n");
  const Response response = Answer(pending, &request);
  EXPECT_EQ(response.head.status(), 428);
  EXPECT_TRUE(response.head.headers.Find("Retry-After").has_value());
  EXPECT_EQ(response.head.headers.Find("Aileron-Approval"), "01A");
  EXPECT_EQ(nlohmann::json::parse(response.body)["approval"], "01A");
}

TEST(Refusal, StandsInTheStatusLineTheHeadersAndTheBody) {
  const auto request = Request("GET", "User-Agent: curl/8.0\r\nAccept: */*\r\n");
  const Response response = Answer(kDenied, &request);
  EXPECT_EQ(response.head.status(), 403);
  EXPECT_EQ(response.head.reason(), kDenied.reason + " (hint: " + kDenied.hint + ")");
  EXPECT_EQ(response.head.headers.Find("Aileron-Code"), "host_not_allowed");
  EXPECT_EQ(response.head.headers.Find("Aileron-Reason"), kDenied.reason);
  EXPECT_EQ(response.head.headers.Find("Aileron-Hint"), kDenied.hint);
  EXPECT_EQ(response.head.headers.Find("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(response.body,
            "aileron: host b.example is not allowed\nhint: run with --allow b.example\n");
  EXPECT_EQ(response.head.body(), (http::Body{http::Framing::kLength, response.body.size()}));
  EXPECT_TRUE(response.head.keep_alive());
}

TEST(Refusal, KeepsTheHintInThePhraseAndCutsTheReason) {
  const auto request = Request("GET", "");
  const Refusal wordy = {.status = 403,
                         .code = "host_not_allowed",
                         .reason = "host b.example is not allowed: " + std::string(300, 'x'),
                         .hint = "run with --allow b.example"};
  const std::string phrase(Answer(wordy, &request).head.reason());
  EXPECT_TRUE(phrase.starts_with("host b.example is not allowed"));
  EXPECT_TRUE(phrase.ends_with("(hint: run with --allow b.example)"));
  EXPECT_EQ(phrase.size(), http::limits::reason_phrase_bytes);
  const Refusal lost = {.status = 403, .code = "c", .reason = "why", .hint = std::string(300, 'y')};
  EXPECT_EQ(Answer(lost, &request).head.reason(), "why");
  const Refusal hintless = {.status = 403, .code = "c", .reason = "why", .hint = ""};
  EXPECT_EQ(Answer(hintless, &request).head.reason(), "why");
}

TEST(Refusal, IsAProblemDocumentOfTheApi) {
  const auto request = Request("GET", "Accept: text/plain\r\n");
  for (const http::RequestHead* one : {&request, static_cast<const http::RequestHead*>(nullptr)}) {
    const Response response =
        Answer(kDenied, one, AfterRefusal::kClose, {.host = std::string(kInternalHost)});
    EXPECT_EQ(response.head.headers.Find("Content-Type"), http::kProblemType);
  }
}

TEST(Refusal, SpeaksJsonToNpm) {
  const auto request = Request("GET",
                               "User-Agent: npm/9.2.0 node/v18\r\n"
                               "Accept: application/vnd.npm.install-v1+json; q=1.0, "
                               "application/json; q=0.8, */*\r\n");
  const Response response = Answer(kDenied, &request);
  EXPECT_EQ(response.head.headers.Find("Content-Type"), "application/problem+json");
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["code"], "host_not_allowed");
  EXPECT_EQ(json["status"], 403);
  EXPECT_EQ(json["detail"], kDenied.reason);
  EXPECT_EQ(json["hint"], kDenied.hint);
  EXPECT_TRUE(json["error"].get<std::string>().contains("--allow"));
  EXPECT_TRUE(json["message"].get<std::string>().contains("--allow"));
}

TEST(Refusal, ChoosesTheBodyByWhatTheClientShows) {
  const struct {
    std::string_view fields;
    RefusalBody body;
  } table[] = {
      {"", RefusalBody::kText},
      {"Accept: */*\r\n", RefusalBody::kText},
      {"User-Agent: git/2.39.5\r\nAccept: application/json\r\n", RefusalBody::kText},
      {"Accept: application/x-git-upload-pack-result\r\n", RefusalBody::kText},
      {"User-Agent: npm/9\r\n", RefusalBody::kJson},
      {"Accept: application/json, text/plain, */*\r\n", RefusalBody::kJson},
      {"Accept: application/vnd.pypi.simple.v1+json, text/html; q=0.01\r\n", RefusalBody::kJson},
      {"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", RefusalBody::kHtml},
      {"Accept: text/html, application/json;q=0.5\r\n", RefusalBody::kHtml},
      {"Accept: text/html, text/plain\r\n", RefusalBody::kText},
      {"Accept: text/html;q=0.9, text/plain;q=0.8\r\n", RefusalBody::kHtml},
      {"Accept: application/json;q=0\r\n", RefusalBody::kText},
      {"Accept: text/html;q=0\r\n", RefusalBody::kText},
      {"Accept: ;q=, ,/\r\n", RefusalBody::kText},
  };
  for (const auto& row : table) {
    const auto request = Request("GET", row.fields);
    EXPECT_EQ(ChooseBody(&request), row.body) << row.fields;
  }
}

TEST(Refusal, OfHeadHasTheLengthAndNoBody) {
  const auto request = Request("HEAD", "");
  const Response response = Answer(kDenied, &request);
  EXPECT_EQ(response.body, "");
  EXPECT_NE(response.head.headers.Find("Content-Length"), "0");
}

TEST(Refusal, ClosesWhenTheFramingIsInDoubt) {
  EXPECT_FALSE(Answer(RefusalOf(http::Flaw::kBareLf), nullptr).head.keep_alive());
  const auto request = Request("GET", "");
  EXPECT_FALSE(Answer(kDenied, &request, AfterRefusal::kClose).head.keep_alive());
  const auto closing = Request("GET", "Connection: close\r\n");
  EXPECT_FALSE(Answer(kDenied, &closing).head.keep_alive());
  const auto old = Request("GET", "", "1.0");
  EXPECT_FALSE(Answer(kDenied, &old).head.keep_alive());
  const auto old_kept = Request("GET", "Connection: keep-alive\r\n", "1.0");
  EXPECT_EQ(Answer(kDenied, &old_kept).head.headers.Find("connection"), "keep-alive");
}

TEST(Refusal, CannotBeUsedToWriteHeadersOrMarkup) {
  const Refusal evil = {.status = 403,
                        .code = "c\r\nd",
                        .reason = "a\r\nSet-Cookie: x=y\r\n\r\n<script>\x1b[31m",
                        .hint = "b\nc\"&"};
  for (const std::string_view accept : {"text/plain", "text/html", "application/json"}) {
    const auto request = Request("GET", fmt::format("Accept: {}\r\n", accept));
    const Response response = Answer(evil, &request);
    EXPECT_EQ(response.head.headers.Find("set-cookie"), std::nullopt);
    EXPECT_FALSE(response.body.contains('\x1b'));
    if (accept == "text/html") EXPECT_FALSE(response.body.contains("<script>"));
    EXPECT_EQ(response.head.body().length, response.body.size());
  }
}

TEST(Refusal, ComesFromAFlawAVerdictOrACredential) {
  const Refusal flaw = RefusalOf(http::Flaw::kLengthAndEncoding);
  EXPECT_EQ(flaw.status, 400);
  EXPECT_EQ(flaw.code, "length_and_encoding");
  Verdict verdict;
  verdict.code = "host_denied";
  verdict.reason = "r";
  EXPECT_EQ(RefusalOf(verdict).status, 403);
  EXPECT_EQ(RefusalOf(verdict).code, "host_denied");
  Credential credential;
  credential.code = "vault_locked";
  EXPECT_EQ(RefusalOf(credential).status, 502);
  EXPECT_EQ(RefusalOf(credential).code, "vault_locked");
  EXPECT_EQ(RefusalOf(Credential{.code = "approval_denied", .denied = true}).status, 403);
  EXPECT_EQ(RefusalOf(Credential{.code = "approval_pending", .approval = "01A"}).status, 428);
  EXPECT_EQ(RefusalOf(RequestAnswer{.code = "request_denied"}).status, 403);
  EXPECT_EQ(RefusalOf(RequestAnswer{.code = "approval_pending", .approval = "01A"}).status, 428);
}

}  // namespace
}  // namespace aileron::proxy
