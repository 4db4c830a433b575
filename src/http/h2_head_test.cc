#include "http/h2_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/limits.h"

namespace aileron::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using Fields = std::vector<std::pair<std::string, std::string>>;

H2Head Of(const Fields& fields) {
  H2Head head;
  for (const auto& [name, value] : fields) EXPECT_TRUE(head.Add(name, value)) << name;
  return head;
}

std::string Request(const Fields& fields, H2Head::Rest rest, Framing& framing) {
  std::string text;
  Of(fields).AppendRequest("https", rest, "bm9uY2U=", text, framing);
  return text;
}

const Fields kGet = {
    {":method", "GET"}, {":scheme", "https"}, {":authority", "site.test"}, {":path", "/a?b"}};

TEST(H2Head, ARequestBecomesAHeadOfHttp1) {
  Fields fields = kGet;
  fields.emplace_back("x-a", "1");
  Framing framing = Framing::kTunnel;
  EXPECT_EQ(Request(fields, H2Head::Rest::kNothing, framing),
            "GET /a?b HTTP/1.1\r\nHost: site.test\r\nx-a: 1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(framing, Framing::kNone);
}

TEST(H2Head, ABodyWithoutALengthIsChunkedAndOneWithItIsNot) {
  Framing framing = Framing::kNone;
  EXPECT_THAT(Request(kGet, H2Head::Rest::kBody, framing),
              HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(framing, Framing::kChunked);
  Fields sized = kGet;
  sized.emplace_back("content-length", "3");
  EXPECT_THAT(Request(sized, H2Head::Rest::kBody, framing), Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(framing, Framing::kLength);
}

TEST(H2Head, BlanksAroundAValueAreNoPartOfIt) {
  Fields fields = kGet;
  fields.emplace_back("authorization", "Bearer ");
  fields.emplace_back("x", " \ty\t ");
  Framing framing{};
  EXPECT_THAT(Request(fields, H2Head::Rest::kNothing, framing),
              HasSubstr("authorization: Bearer\r\nx: y\r\n"));
}

TEST(H2Head, CookieCrumbsAreOneField) {
  Fields fields = kGet;
  fields.emplace_back("cookie", "a=1");
  fields.emplace_back("cookie", "b=2");
  Framing framing{};
  EXPECT_THAT(Request(fields, H2Head::Rest::kNothing, framing), HasSubstr("cookie: a=1; b=2\r\n"));
}

TEST(H2Head, AHostThatDiffersIsNotSwallowed) {
  Fields same = kGet;
  same.emplace_back("host", "site.test");
  Framing framing{};
  EXPECT_THAT(Request(same, H2Head::Rest::kNothing, framing), Not(HasSubstr("host:")));
  Fields other = kGet;
  other.emplace_back("host", "other.test");
  // Two hosts: the parser of HTTP/1.1 refuses that.
  EXPECT_THAT(Request(other, H2Head::Rest::kNothing, framing),
              HasSubstr("Host: site.test\r\nhost: other.test\r\n"));
}

TEST(H2Head, ASchemeThatIsNotTheConnectionsIsSaid) {
  Fields fields = kGet;
  fields[1].second = "http";
  Framing framing{};
  EXPECT_THAT(Request(fields, H2Head::Rest::kNothing, framing),
              testing::StartsWith("GET http://site.test/a?b HTTP/1.1\r\n"));
}

TEST(H2Head, WhatCouldEndALineIsRefused) {
  for (const auto& [name, value] : Fields{{"x", "a\r\nb: c"},
                                          {"x y", "a"},
                                          {"x:", "a"},
                                          {":path", "/ HTTP/1.1"},
                                          {":path", "/\r\nX: y"},
                                          {":authority", "a b"},
                                          {":method", "GET /"},
                                          {":scheme", ""}}) {
    H2Head head;
    EXPECT_FALSE(head.Add(name, value)) << name << " " << value;
  }
}

TEST(H2Head, FieldsOfAConnectionAreDropped) {
  Fields fields = kGet;
  for (const char* name : {"connection", "keep-alive", "upgrade", "transfer-encoding"})
    fields.emplace_back(name, "close");
  Framing framing{};
  EXPECT_EQ(Request(fields, H2Head::Rest::kNothing, framing),
            "GET /a?b HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n");
}

TEST(H2Head, AHeadBeyondItsLimitIsRefused) {
  H2Head head;
  const std::string value(1000, 'v');
  std::size_t taken = 0;
  while (head.Add("x", value)) ++taken;
  EXPECT_LE(taken * (value.size() + 5), limits::head_bytes);
  H2Head many;
  std::size_t count = 0;
  while (many.Add("x", "")) ++count;
  EXPECT_EQ(count, limits::header_count);
}

TEST(H2Head, AnExtendedConnectIsAWebSocketHandshake) {
  Fields fields = kGet;
  fields[0].second = "CONNECT";
  fields.emplace_back(":protocol", "websocket");
  fields.emplace_back("sec-websocket-version", "13");
  Framing framing = Framing::kNone;
  const std::string text = Request(fields, H2Head::Rest::kBody, framing);
  EXPECT_EQ(framing, Framing::kTunnel);
  EXPECT_THAT(text, testing::StartsWith("GET /a?b HTTP/1.1\r\n"));
  EXPECT_THAT(text, HasSubstr("Upgrade: websocket\r\nSec-WebSocket-Key: bm9uY2U=\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("Transfer-Encoding")));
}

TEST(H2Head, ResponsesAreFramedByWhatTheyAnswer) {
  const auto response = [](const Fields& fields, H2Head::Answers answers, Framing& framing) {
    std::string text;
    Of(fields).AppendResponse(answers, text, framing);
    return text;
  };
  Framing framing{};
  EXPECT_EQ(response({{":status", "200"}, {"x", "y"}}, H2Head::Answers::kOther, framing),
            "HTTP/1.1 200 OK\r\nx: y\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(framing, Framing::kChunked);
  EXPECT_EQ(response({{":status", "304"}}, H2Head::Answers::kOther, framing),
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(framing, Framing::kNone);
  EXPECT_EQ(
      response({{":status", "200"}, {"content-length", "5"}}, H2Head::Answers::kHead, framing),
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(framing, Framing::kNone);
  EXPECT_EQ(response({{":status", "103"}, {"link", "<a>"}}, H2Head::Answers::kOther, framing),
            "HTTP/1.1 103 Status\r\nlink: <a>\r\n\r\n");
}

TEST(H2Head, TheAnswerToAnExtendedConnectIsASwitchWithoutAForeignAcceptKey) {
  H2Head head;
  EXPECT_TRUE(head.Add(":status", "200"));
  EXPECT_TRUE(head.Add("sec-websocket-accept", "x"));
  EXPECT_TRUE(head.Add("sec-websocket-protocol", "p"));
  std::string text;
  Framing framing = Framing::kNone;
  head.AppendSwitch(text, framing);
  EXPECT_EQ(text,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "sec-websocket-protocol: p\r\n\r\n");
  EXPECT_EQ(framing, Framing::kTunnel);
}

}  // namespace
}  // namespace aileron::http
