#include "http/h1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/h1_write.h"

namespace aileron::http {
namespace {

using namespace std::string_literals;

// The two ways to feed a parser: they must agree on everything.
HeadStep ParseAtOnce(std::string_view bytes, RequestHead& head) {
  RequestParser parser;
  return parser.Parse(bytes, head);
}

HeadStep ParseByteByByte(std::string_view bytes, RequestHead& head) {
  RequestParser parser;
  HeadStep step;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    // A copy, so that a parser that keeps a view into old bytes is caught by AddressSanitizer.
    const std::string copy(bytes.substr(0, size));
    step = parser.Parse(copy, head);
    if (step.outcome != Outcome::kNeedMore) break;
  }
  return step;
}

Flaw FlawOf(std::string_view bytes) {
  RequestHead head;
  const HeadStep once = ParseAtOnce(bytes, head);
  const HeadStep bytewise = ParseByteByByte(bytes, head);
  EXPECT_EQ(once.outcome, bytewise.outcome) << bytes;
  EXPECT_EQ(FlawCode(once.flaw), FlawCode(bytewise.flaw)) << bytes;
  EXPECT_EQ(once.consumed, bytewise.consumed) << bytes;
  EXPECT_NE(once.outcome, Outcome::kNeedMore) << bytes;
  return once.flaw;
}

RequestHead Parsed(std::string_view bytes) {
  RequestHead head;
  const HeadStep step = ParseAtOnce(bytes, head);
  EXPECT_EQ(step.outcome, Outcome::kDone) << bytes << FlawText(step.flaw);
  EXPECT_EQ(step.consumed, bytes.size()) << bytes;
  RequestHead again;
  EXPECT_EQ(ParseByteByByte(bytes, again).outcome, Outcome::kDone) << bytes;
  EXPECT_EQ(again.target(), head.target());
  EXPECT_EQ(again.body(), head.body());
  EXPECT_EQ(again.headers.size(), head.headers.size());
  return head;
}

struct Refused {
  std::string bytes;
  Flaw flaw;
};

// Fields put into an otherwise good request.
std::string Get(std::string_view fields) {
  return fmt::format("GET / HTTP/1.1\r\nHost: a.example\r\n{}\r\n", fields);
}
std::string Post(std::string_view fields) {
  return fmt::format("POST / HTTP/1.1\r\nHost: a.example\r\n{}\r\n", fields);
}
std::string Line(std::string_view line) {
  return fmt::format("{}\r\nHost: a.example\r\n\r\n", line);
}

TEST(RequestParser, RefusesEveryAmbiguousFraming) {
  const std::vector<Refused> corpus = {
      // Both lengths, in either order and any case.
      {Post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), Flaw::kLengthAndEncoding},
      {Post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), Flaw::kLengthAndEncoding},
      {Post("transfer-encoding: chunked\r\nCONTENT-LENGTH: 0\r\n"), Flaw::kLengthAndEncoding},
      {Post("Transfer-Encoding: x\r\nContent-Length: 4\r\n"), Flaw::kLengthAndEncoding},
      // More than one length, the same or not.
      {Post("Content-Length: 4\r\nContent-Length: 4\r\n"), Flaw::kDuplicateLength},
      {Post("Content-Length: 4\r\nContent-Length: 5\r\n"), Flaw::kDuplicateLength},
      {Post("Content-Length: 4\r\nContent-Length: \r\n"), Flaw::kDuplicateLength},
      {Post("Content-Length: 4, 4\r\n"), Flaw::kDuplicateLength},
      {Post("Content-Length: 4,5\r\n"), Flaw::kDuplicateLength},
      {Post("Content-Length: ,4\r\n"), Flaw::kDuplicateLength},
      // Lengths that are not digits.
      {Post("Content-Length: \r\n"), Flaw::kBadLength},
      {Post("Content-Length: +4\r\n"), Flaw::kBadLength},
      {Post("Content-Length: -4\r\n"), Flaw::kBadLength},
      {Post("Content-Length: -0\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 0x4\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 4 \t4\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 4_0\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 4.0\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 4e1\r\n"), Flaw::kBadLength},
      {Post("Content-Length: \"4\"\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 4;a=b\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 18446744073709551616\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 18446744073709551620\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 9223372036854775808\r\n"), Flaw::kBadLength},
      {Post("Content-Length: 99999999999999999999999999\r\n"), Flaw::kBadLength},
      // Encodings other than exactly chunked.
      {Post("Transfer-Encoding: xchunked\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: chunkedx\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: gzip, chunked\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: chunked, gzip\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: chunked, chunked\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: chunked,\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: ,chunked\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: identity\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: \"chunked\"\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: chunked;q=1\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding:\r\n"), Flaw::kUnsupportedEncoding},
      {Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       Flaw::kDuplicateEncoding},
      {Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
       Flaw::kDuplicateEncoding},
      {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Flaw::kEncodingInHttp10},
      // Names that a lax parser takes for the real ones.
      {Post("Transfer-Encoding : chunked\r\n"), Flaw::kSpaceBeforeColon},
      {Post("Transfer-Encoding\t: chunked\r\n"), Flaw::kSpaceBeforeColon},
      {Post("Content-Length : 4\r\n"), Flaw::kSpaceBeforeColon},
      {Post(" Transfer-Encoding: chunked\r\n"), Flaw::kObsFold},
      {Post("Transfer-Encoding:\r\n chunked\r\n"), Flaw::kObsFold},
      {Post("X: y\r\n\tContent-Length: 4\r\n"), Flaw::kObsFold},
      {Post("Transfer-Encoding: chun\x0b"
            "ked\r\n"),
       Flaw::kControlByte},
      {Post("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       Flaw::kControlByte},
      {Post("Transfer-Encoding: chunked\x0c\r\n"), Flaw::kControlByte},
      {Post("X: a\rTransfer-Encoding: chunked\r\n"), Flaw::kBareCr},
      {Post("X: a\nTransfer-Encoding: chunked\r\n"), Flaw::kBareLf},
      {Post("X: a\r\r\nTransfer-Encoding: chunked\r\n"), Flaw::kBareCr},
      {Post("Transfer\xc2\xad-Encoding: chunked\r\n"), Flaw::kBadHeaderName},
      // Bodies where none can be.
      {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 4\r\n\r\n", Flaw::kUnexpectedBody},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nTransfer-Encoding: chunked\r\n\r\n",
       Flaw::kUnexpectedBody},
  };
  for (const Refused& refused : corpus) {
    EXPECT_EQ(FlawCode(FlawOf(refused.bytes)), FlawCode(refused.flaw)) << refused.bytes;
  }
}

TEST(RequestParser, RefusesMalformedLines) {
  const std::vector<Refused> corpus = {
      {"GET / HTTP/1.1\nHost: a\n\n", Flaw::kBareLf},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", Flaw::kBareLf},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", Flaw::kBareLf},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Flaw::kBareLf},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Flaw::kBadRequestLine},
      {"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", Flaw::kBareCr},
      {"GET / HTTP/1.1\r\rHost: a\r\n\r\n", Flaw::kBareCr},
      {Get("X: a\0b\r\n"s), Flaw::kControlByte},
      {Get("X\0: ab\r\n"s), Flaw::kControlByte},
      {Get("X: a\x7f\r\n"), Flaw::kControlByte},
      {Get("X: a\x1b[0m\r\n"), Flaw::kControlByte},
      {Get("X: a\x08\r\n"), Flaw::kControlByte},
      {"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, Flaw::kControlByte},
      {Get(": empty\r\n"), Flaw::kBadHeaderName},
      {Get("a b: c\r\n"), Flaw::kBadHeaderName},
      {Get("a(b): c\r\n"), Flaw::kBadHeaderName},
      {Get("a@b: c\r\n"), Flaw::kBadHeaderName},
      {Get("\"a\": c\r\n"), Flaw::kBadHeaderName},
      {Get("h\xc3\xa9: c\r\n"), Flaw::kBadHeaderName},
      {Get("no colon\r\n"), Flaw::kNoColon},
      {Get("nocolon\r\n"), Flaw::kNoColon},
      {Get("a : b\r\n"), Flaw::kSpaceBeforeColon},
      {Get("a \t : b\r\n"), Flaw::kSpaceBeforeColon},
      {Get(" folded\r\n"), Flaw::kObsFold},
      {Get("\tfolded\r\n"), Flaw::kObsFold},
      {Get(" \r\n"), Flaw::kObsFold},
      // Start lines.
      {Line("GET  / HTTP/1.1"), Flaw::kBadRequestLine},
      {Line("GET /  HTTP/1.1"), Flaw::kBadRequestLine},
      {Line("GET / HTTP/1.1 "), Flaw::kBadRequestLine},
      {Line(" GET / HTTP/1.1"), Flaw::kBadRequestLine},
      {Line("GET\t/ HTTP/1.1"), Flaw::kBadMethod},
      {Line("GET /\tHTTP/1.1"), Flaw::kBadRequestLine},
      {Line("GET / a HTTP/1.1"), Flaw::kBadRequestLine},
      {Line("GET /"), Flaw::kBadRequestLine},
      {Line("GET"), Flaw::kBadRequestLine},
      {Line("GET HTTP/1.1"), Flaw::kBadRequestLine},
      {Line("G@T / HTTP/1.1"), Flaw::kBadMethod},
      {Line("GET: / HTTP/1.1"), Flaw::kBadMethod},
      {Line(std::string(33, 'A') + " / HTTP/1.1"), Flaw::kBadMethod},
      {Line("GET / HTTP/1.2"), Flaw::kBadVersion},
      {Line("GET / HTTP/0.9"), Flaw::kBadVersion},
      {Line("GET / HTTP/2.0"), Flaw::kBadVersion},
      {Line("PRI * HTTP/2.0"), Flaw::kBadVersion},
      {Line("GET / HTTP/1.01"), Flaw::kBadVersion},
      {Line("GET / HTTP/11"), Flaw::kBadVersion},
      {Line("GET / http/1.1"), Flaw::kBadRequestLine},
      {Line("GET / HTCPCP/1.0"), Flaw::kBadRequestLine},
      {"\x16\x03\x01\x02", Flaw::kControlByte},  // TLS on a plain port, told at once
      {"{\"json\":1}\r\n\r\n", Flaw::kBadRequestLine},
  };
  for (const Refused& refused : corpus) {
    EXPECT_EQ(FlawCode(FlawOf(refused.bytes)), FlawCode(refused.flaw)) << refused.bytes;
  }
}

TEST(RequestParser, RefusesBadTargets) {
  const std::vector<Refused> corpus = {
      {Line("GET a HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET ?a HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET * HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET ** HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET a.example:80 HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET /a#b HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET /\xc3\xbc HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET ftp://a.example/ HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET file:///etc/passwd HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET http:/a.example/ HTTP/1.1"), Flaw::kBadTarget},
      {Line("GET http:///path HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://user@a.example/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://user:pass@a.example/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://evil.example\\@a.example/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://a.example%2f@b/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://a.example:/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://a.example:0/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://a.example:65536/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://a..example/ HTTP/1.1"), Flaw::kBadHost},
      {Line("GET http://[::1/ HTTP/1.1"), Flaw::kBadHost},
      {Line("CONNECT / HTTP/1.1"), Flaw::kBadTarget},
      {Line("CONNECT a.example HTTP/1.1"), Flaw::kBadTarget},
      {Line("CONNECT a.example: HTTP/1.1"), Flaw::kBadTarget},
      {Line("CONNECT a.example:443/ HTTP/1.1"), Flaw::kBadTarget},
      {Line("CONNECT user@a.example:443 HTTP/1.1"), Flaw::kBadTarget},
      {Line("CONNECT http://a.example:443 HTTP/1.1"), Flaw::kBadTarget},
      {Line("CONNECT a.example:+443 HTTP/1.1"), Flaw::kBadTarget},
      {Line("CONNECT :443 HTTP/1.1"), Flaw::kBadTarget},
      // Host.
      {"GET / HTTP/1.1\r\n\r\n", Flaw::kMissingHost},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Flaw::kDuplicateHost},
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", Flaw::kDuplicateHost},
      {"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", Flaw::kDuplicateHost},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", Flaw::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a%00\r\n\r\n", Flaw::kBadHost},
      {Get("Expect: 200-ok\r\n"), Flaw::kBadExpect},
      {"POST / HTTP/1.0\r\nExpect: 200-ok\r\n\r\n", Flaw::kBadExpect},
      {Get("Expect: 100-continue\r\nExpect: 100-continue\r\n"), Flaw::kBadExpect},
  };
  for (const Refused& refused : corpus) {
    EXPECT_EQ(FlawCode(FlawOf(refused.bytes)), FlawCode(refused.flaw)) << refused.bytes;
  }
}

TEST(RequestParser, KeepsItsLimits) {
  EXPECT_EQ(FlawOf(Line("GET /" + std::string(limits::target_bytes, 'a') + " HTTP/1.1")),
            Flaw::kTargetTooLong);
  RequestHead head;
  EXPECT_EQ(
      ParseAtOnce(Line("GET /" + std::string(limits::target_bytes - 1, 'a') + " HTTP/1.1"), head)
          .outcome,
      Outcome::kDone);
  // Not one byte beyond the limit is waited for, with and without a line end.
  EXPECT_EQ(ParseAtOnce(std::string(limits::head_bytes + 1, 'A'), head).flaw, Flaw::kHeadTooLarge);
  EXPECT_EQ(ParseAtOnce(std::string(limits::head_bytes, 'A'), head).outcome, Outcome::kNeedMore);
  EXPECT_EQ(ParseAtOnce(Get("X: " + std::string(limits::head_bytes, 'a') + "\r\n"), head).flaw,
            Flaw::kHeadTooLarge);
  std::string fields;
  for (std::size_t i = 1; i < limits::header_count; ++i) fields += "A: b\r\n";
  EXPECT_EQ(ParseAtOnce(Get(fields), head).outcome, Outcome::kDone);
  EXPECT_EQ(FlawOf(Get(fields + "A: b\r\n")), Flaw::kTooManyHeaders);
}

TEST(RequestParser, ReadsAnOrdinaryRequest) {
  const RequestHead head = Parsed(
      "GET /a/b?c=d HTTP/1.1\r\nHost: a.example:8080\r\nAccept:*/*\r\nX-Empty:\r\n"
      "X-Blank: \t a b\t \r\nX-Latin: \xe9\r\n\r\n");
  EXPECT_EQ(head.method(), "GET");
  EXPECT_EQ(head.target(), "/a/b?c=d");
  EXPECT_EQ(head.path_and_query(), "/a/b?c=d");
  EXPECT_EQ(head.form(), TargetForm::kOrigin);
  EXPECT_EQ(head.host(), "a.example:8080");
  EXPECT_EQ(head.authority(), "");
  EXPECT_EQ(head.version(), Version::k11);
  EXPECT_TRUE(head.keep_alive());
  EXPECT_FALSE(head.expects_continue());
  EXPECT_EQ(head.body(), Body{});
  EXPECT_EQ(head.headers.Find("accept"), "*/*");
  EXPECT_EQ(head.headers.Find("x-empty"), "");
  EXPECT_EQ(head.headers.Find("x-blank"), "a b");
  EXPECT_EQ(head.headers.Find("x-latin"), "\xe9");
}

TEST(RequestParser, ReadsEveryTargetForm) {
  RequestHead head = Parsed("GET http://A.example:80/p?q HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(head.form(), TargetForm::kAbsolute);
  EXPECT_EQ(head.scheme(), "http");
  EXPECT_EQ(head.authority(), "A.example:80");
  EXPECT_EQ(head.path_and_query(), "/p?q");
  EXPECT_EQ(head.host_match(), HostMatch::kSame);

  head = Parsed("GET HTTPS://a.example?q=1 HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_EQ(head.path_and_query(), "/?q=1");
  EXPECT_EQ(head.host_match(), HostMatch::kDiffers);

  EXPECT_EQ(Parsed("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").path_and_query(), "/");
  EXPECT_EQ(Parsed("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").path_and_query(), "*");
  EXPECT_EQ(Parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").form(), TargetForm::kAsterisk);
  EXPECT_EQ(Parsed("GET http://a:8080/ HTTP/1.1\r\nHost: a\r\n\r\n").host_match(),
            HostMatch::kDiffers);
  EXPECT_EQ(Parsed("GET https://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n").host_match(),
            HostMatch::kSame);

  head = Parsed("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:DB8::1]\r\n\r\n");
  EXPECT_EQ(head.form(), TargetForm::kAuthority);
  EXPECT_EQ(head.method_kind(), MethodKind::kConnect);
  EXPECT_EQ(head.authority(), "[2001:db8::1]:443");
  EXPECT_EQ(head.host_match(), HostMatch::kSame);
  EXPECT_EQ(Parsed("CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n").host_match(),
            HostMatch::kDiffers);
  EXPECT_EQ(Parsed("CONNECT a:443 HTTP/1.0\r\n\r\n").host_match(), HostMatch::kSame);
}

TEST(RequestParser, KnowsFramingAndPersistence) {
  EXPECT_EQ(Parsed(Post("Content-Length: 0\r\n")).body(), (Body{Framing::kLength, 0}));
  EXPECT_EQ(Parsed(Post("Content-Length: 42\r\n")).body(), (Body{Framing::kLength, 42}));
  EXPECT_EQ(Parsed(Post("Content-Length: 0042\r\n")).body(), (Body{Framing::kLength, 42}));
  EXPECT_EQ(Parsed(Post("Transfer-Encoding: Chunked\r\n")).body().framing, Framing::kChunked);
  EXPECT_EQ(Parsed(Post("")).body().framing, Framing::kNone);
  EXPECT_FALSE(Parsed(Get("Connection: Close\r\n")).keep_alive());
  EXPECT_FALSE(Parsed(Get("Connection: keep-alive, close\r\n")).keep_alive());
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\n\r\n").keep_alive());
  EXPECT_TRUE(Parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive());
  EXPECT_TRUE(Parsed(Post("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expects_continue());
  EXPECT_FALSE(Parsed(Get("Expect: 100-continue\r\n")).expects_continue());  // nothing follows
  // RFC 9110 §10.1.1: an HTTP/1.0 client cannot mean it, and it must not become one of HTTP/1.1.
  const RequestHead old =
      Parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_FALSE(old.expects_continue());
  EXPECT_EQ(old.headers.Find("expect"), std::nullopt);
}

TEST(RequestParser, TakesAnUpgradeOnlyWhenConnectionNamesIt) {
  EXPECT_EQ(Parsed(Get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")).upgrade(),
            "websocket");
  EXPECT_EQ(Parsed(Get("Upgrade: websocket\r\n")).upgrade(), "");
  EXPECT_EQ(Parsed(Get("Connection: Upgrade\r\n")).upgrade(), "");
  EXPECT_EQ(Parsed(Get("Connection: Upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n")).upgrade(), "");
  EXPECT_EQ(Parsed("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n").upgrade(), "");
}

TEST(RequestParser, AcceptsOneLeadingEmptyLineAndLeavesWhatFollows) {
  RequestHead head;
  const std::string bytes = "\r\n" + Post("Content-Length: 4\r\n");
  const HeadStep step = ParseAtOnce(bytes + "bodyGET /", head);
  EXPECT_EQ(step.outcome, Outcome::kDone);
  EXPECT_EQ(step.consumed, bytes.size());
  EXPECT_EQ(head.method(), "POST");
  EXPECT_EQ(head.headers.Find("host"), "a.example");
}

TEST(RequestParser, IsReadyForTheNextHeadAfterEach) {
  RequestParser parser;
  RequestHead head;
  ASSERT_EQ(parser.Parse(Post("Content-Length: 4\r\nConnection: close\r\n"), head).outcome,
            Outcome::kDone);
  ASSERT_EQ(parser.Parse(Get("A: b\r\n"), head).outcome, Outcome::kDone);
  EXPECT_EQ(head.headers.size(), 2U);
  EXPECT_TRUE(head.keep_alive());
  EXPECT_EQ(head.body(), Body{});
  ASSERT_EQ(parser.Parse("bad\n", head).outcome, Outcome::kFailed);
  ASSERT_EQ(parser.Parse(Get(""), head).outcome, Outcome::kDone);
}

// --- responses

HeadStep ParseResponse(std::string_view bytes, Exchange exchange, ResponseHead& head) {
  ResponseParser parser;
  ResponseParser slow;
  ResponseHead other;
  HeadStep bytewise;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    bytewise = slow.Parse(std::string(bytes.substr(0, size)), exchange, other);
    if (bytewise.outcome != Outcome::kNeedMore) break;
  }
  const HeadStep step = parser.Parse(bytes, exchange, head);
  EXPECT_EQ(step.outcome, bytewise.outcome) << bytes;
  EXPECT_EQ(FlawCode(step.flaw), FlawCode(bytewise.flaw)) << bytes;
  return step;
}

ResponseHead Response(std::string_view bytes, Exchange exchange = {}) {
  ResponseHead head;
  const HeadStep step = ParseResponse(bytes, exchange, head);
  EXPECT_EQ(step.outcome, Outcome::kDone) << bytes << FlawText(step.flaw);
  return head;
}

TEST(ResponseParser, RefusesWhatCouldBeReadInTwoWays) {
  const std::string_view start = "HTTP/1.1 200 OK\r\n";
  const auto with = [&](std::string_view fields) { return fmt::format("{}{}\r\n", start, fields); };
  const std::vector<Refused> corpus = {
      {with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), Flaw::kLengthAndEncoding},
      {with("Content-Length: 1\r\nContent-Length: 1\r\n"), Flaw::kDuplicateLength},
      {with("Content-Length: 1, 1\r\n"), Flaw::kDuplicateLength},
      {with("Content-Length: +1\r\n"), Flaw::kBadLength},
      {with("Transfer-Encoding: gzip, chunked\r\n"), Flaw::kUnsupportedEncoding},
      {with("Transfer-Encoding: identity\r\n"), Flaw::kUnsupportedEncoding},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Flaw::kEncodingInHttp10},
      {with("A: b\r\n c\r\n"), Flaw::kObsFold},
      {with("A : b\r\n"), Flaw::kSpaceBeforeColon},
      {with("Set-Cookie: a=\0\r\n"s), Flaw::kControlByte},
      {"HTTP/1.1 200 OK\nA: b\n\n", Flaw::kBareLf},
      {"HTTP/1.1 200 O\rK\r\n\r\n", Flaw::kBareCr},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", Flaw::kBadStatusLine},
      {" HTTP/1.1 200 OK\r\n\r\n", Flaw::kBadStatusLine},
      {"HTTP/1.1 20 OK\r\n\r\n", Flaw::kBadStatusLine},
      {"HTTP/1.1 2000 OK\r\n\r\n", Flaw::kBadStatusLine},
      {"HTTP/1.1 099 OK\r\n\r\n", Flaw::kBadStatusLine},
      {"HTTP/1.1 +20 OK\r\n\r\n", Flaw::kBadStatusLine},
      {"HTTP/1.1  200 OK\r\n\r\n", Flaw::kBadStatusLine},
      {"HTTP/1.1\r\n\r\n", Flaw::kBadStatusLine},
      {"HTTP/2 200\r\n\r\n", Flaw::kBadVersion},
      {"HTTP/1.2 200 OK\r\n\r\n", Flaw::kBadVersion},
      {"ICY 200 OK\r\n\r\n", Flaw::kBadStatusLine},
      {"<html>", Flaw::kBadStatusLine},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", Flaw::kUnexpectedBody},
      {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", Flaw::kUnexpectedBody},
      {"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", Flaw::kUnexpectedBody},
      {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", Flaw::kUnexpectedUpgrade},
  };
  for (const Refused& refused : corpus) {
    ResponseHead head;
    const HeadStep step = ParseResponse(refused.bytes, {}, head);
    EXPECT_EQ(step.outcome, Outcome::kFailed) << refused.bytes;
    EXPECT_EQ(FlawCode(step.flaw), FlawCode(refused.flaw)) << refused.bytes;
  }
}

TEST(ResponseParser, FramesByMethodAndStatus) {
  const Exchange head{.method = MethodKind::kHead};
  const Exchange connect{.method = MethodKind::kConnect};
  const Exchange upgrade{.upgrade_asked = true};
  const Body none{};
  const Body tunnel{Framing::kTunnel, 0};
  const struct {
    std::string_view bytes;
    Exchange exchange;
    Body body;
  } table[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", {}, {Framing::kLength, 7}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {}, {Framing::kChunked, 0}},
      {"HTTP/1.1 200 OK\r\n\r\n", {}, {Framing::kUntilClose, 0}},
      {"HTTP/1.0 200 OK\r\n\r\n", {}, {Framing::kUntilClose, 0}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", head, none},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head, none},
      {"HTTP/1.1 200 OK\r\n\r\n", head, none},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", {}, none},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", {}, none},
      {"HTTP/1.1 204 No Content\r\n\r\n", {}, none},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", {}, none},
      {"HTTP/1.1 100 Continue\r\n\r\n", {}, none},
      {"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", {}, none},
      {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", connect, tunnel},
      {"HTTP/1.1 403 No\r\nContent-Length: 7\r\n\r\n", connect, {Framing::kLength, 7}},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", upgrade, tunnel},
      {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", upgrade, {Framing::kLength, 7}},
  };
  for (const auto& row : table) {
    EXPECT_EQ(Response(row.bytes, row.exchange).body(), row.body) << row.bytes;
  }
}

TEST(ResponseParser, ReadsStatusReasonAndPersistence) {
  const ResponseHead head = Response("HTTP/1.1 404 Not Found \xe9\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(head.status(), 404);
  EXPECT_EQ(head.reason(), "Not Found \xe9");
  EXPECT_TRUE(head.keep_alive());
  EXPECT_FALSE(head.interim());
  EXPECT_EQ(Response("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").reason(), "");
  EXPECT_EQ(Response("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").reason(), "");
  EXPECT_TRUE(Response("HTTP/1.1 103 Early Hints\r\n\r\n").interim());
  EXPECT_FALSE(Response("HTTP/1.1 200 OK\r\n\r\n").keep_alive());  // read until it closes
  EXPECT_FALSE(Response("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive());
  EXPECT_FALSE(
      Response("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").keep_alive());
}

TEST(Heads, SurviveBeingWrittenAndParsedAgain) {
  const RequestHead first =
      Parsed("PUT /x?y=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\nA: 1\r\nA: 2\r\n\r\n");
  std::string written;
  AppendRequestHead(first.method(), first.target(), first.headers, written);
  const RequestHead second = Parsed(written);
  EXPECT_EQ(second.target(), first.target());
  EXPECT_EQ(second.body(), first.body());
  ASSERT_EQ(second.headers.size(), first.headers.size());
  for (std::size_t i = 0; i < first.headers.size(); ++i) {
    EXPECT_EQ(second.headers.at(i).name, first.headers.at(i).name);
    EXPECT_EQ(second.headers.at(i).value, first.headers.at(i).value);
  }
}

}  // namespace
}  // namespace aileron::http
