#include "proxy/inject.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron::proxy {
namespace {

constexpr std::string_view kSecret = "s3cr3t/token+value";
constexpr std::string_view kLookAlike = "ghp_lookalike0123456789";

struct Sent {
  std::string head;
  Injected report;
  std::string error;
};

struct Request {
  std::string_view target = "/";
  std::vector<http::Headers::Field> fields;
};

http::Headers HeadersOf(const Request& request) {
  http::Headers headers;
  headers.Add("Host", "a.example");
  for (const auto& [name, value] : request.fields) headers.Add(name, value);
  return headers;
}

using Bindings = std::vector<std::pair<BindingView, std::string>>;

Sent Send(const Bindings& bindings, const Request& request, std::size_t bound = 1 << 16) {
  const http::Headers headers = HeadersOf(request);
  std::vector<Secret> secrets;
  for (const auto& [binding, secret] : bindings) secrets.emplace_back(secret);
  std::vector<Grant> grants;
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    grants.push_back({&bindings[i].first, &secrets[i]});
  }
  ByteBuffer out(bound, Contents::kSecret);
  const auto report = AppendInjectedHead({"GET", request.target, &headers}, grants, out);
  if (!report) {
    EXPECT_TRUE(out.empty());
    return {.error = report.error().message};
  }
  return {std::string(out.View()), *report, ""};
}

Sent Send(const BindingView& binding, const Request& request) {
  return Send({{binding, std::string(kSecret)}}, request);
}

BindingView Bearer() {
  return {.name = "b", .scheme = BindingScheme::kBearer, .credential = "api/x"};
}
BindingView Basic(std::string user) {
  return {.name = "b", .scheme = BindingScheme::kBasic, .credential = "api/x", .username = user};
}
BindingView Template(std::string header, std::string text) {
  return {.name = "b",
          .scheme = BindingScheme::kHeaderTemplate,
          .credential = "api/x",
          .header = header,
          .template_text = text};
}
BindingView Query(std::string parameter) {
  return {.name = "b",
          .scheme = BindingScheme::kQueryParam,
          .credential = "api/x",
          .parameter = parameter};
}
BindingView Cookie(std::string name) {
  return {.name = "b", .scheme = BindingScheme::kCookie, .credential = "api/x", .parameter = name};
}
BindingView LookAlike() {
  return {.name = "b",
          .emit = Emit::kSentinel,
          .credential = "api/x",
          .sentinel = std::string(kLookAlike)};
}

bool Needs(const BindingView& binding, std::string_view method, const Request& request) {
  const http::Headers headers = HeadersOf(request);
  return NeedsCredential(binding, {method, request.target, &headers});
}

TEST(Inject, ANarrowedBindingIsForTheRequestsThatItCovers) {
  BindingView binding = Bearer();
  binding.scope.methods = {"GET"};
  binding.scope.paths = {*PathPattern::Parse("/mine/**")};
  EXPECT_TRUE(Needs(binding, "GET", {.target = "/mine/x?y=/other"}));
  EXPECT_FALSE(Needs(binding, "PUT", {.target = "/mine/x"}));
  for (const std::string_view target :
       {"/other", "/other?/mine/x", "/mine/../other", "/mine/%2e%2e/other", "/mine//../other",
        "//mine/x", "/mine%2fx", "/mine/..;/x", "*"}) {
    EXPECT_FALSE(Needs(binding, "GET", {.target = target})) << target;
  }
  EXPECT_FALSE(
      Needs(binding, "GET", {.target = "/mine/x", .fields = {{"X-Http-Method-Override", "PUT"}}}));
  EXPECT_FALSE(
      Needs(binding, "GET", {.target = "/mine/x", .fields = {{"x-original-url", "/other"}}}));
  // Where nothing hangs on the method, no field can replace it.
  binding.scope.methods.clear();
  EXPECT_TRUE(
      Needs(binding, "PUT", {.target = "/mine/x", .fields = {{"X-Http-Method-Override", "GET"}}}));
  binding.emit = Emit::kSentinel;
  binding.sentinel = kLookAlike;
  const Request request{.target = "/mine/x", .fields = {{"Authorization", kLookAlike}}};
  EXPECT_TRUE(Needs(binding, "GET", request));
  EXPECT_FALSE(Needs(binding, "GET", {.target = "/other", .fields = request.fields}));
}

TEST(Inject, ACookieReplacesTheClientsOwnOfThatNameAndKeepsTheOthers) {
  const std::string host = "GET / HTTP/1.1\r\nHost: a.example\r\n";
  EXPECT_EQ(Send(Cookie("sid"), {}).head, host + "Cookie: sid=s3cr3t/token+value\r\n\r\n");
  const Sent sent = Send(Cookie("sid"), {.fields = {{"Cookie", "a=1; sid=guess;sid = more; flag"},
                                                    {"X-Y", "z"},
                                                    {"cookie", "SID=2; b=\"x; sid=in quotes\""}}});
  EXPECT_EQ(sent.head, host +
                           "X-Y: z\r\nCookie: a=1; flag; SID=2; b=\"x; "
                           "sid=s3cr3t/token+value\r\n\r\n");
  EXPECT_TRUE(sent.report.dropped_own);
  const Sent two =
      Send({{Cookie("a"), "1"}, {Cookie("b"), "2"}}, {.fields = {{"Cookie", "b=x; c=3"}}});
  EXPECT_EQ(two.head, host + "Cookie: c=3; a=1; b=2\r\n\r\n");
  EXPECT_TRUE(Send({{Cookie("a"), "1"}, {Cookie("a"), "2"}}, {}).error.contains("same cookie"));
  EXPECT_TRUE(Send({{Cookie("a"), "1; b=2"}}, {}).error.contains("semicolon"));
  EXPECT_TRUE(Send({{Cookie(""), "1"}}, {}).error.contains("names no cookie"));
}

TEST(Inject, ALookAlikeInACookieIsReplacedInThatCookieAlone) {
  BindingView binding = Cookie("sid");
  binding.emit = Emit::kSentinel;
  binding.sentinel = kLookAlike;
  const std::string own(kLookAlike);
  const std::string cookies = "a=" + own + "; sid=" + own + ".x; " + own;
  const Request request{.fields = {{"Cookie", cookies}, {"Authorization", own}}};
  EXPECT_TRUE(Needs(binding, "GET", request));
  const Sent sent = Send(binding, request);
  EXPECT_EQ(sent.head, "GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: " + own +
                           "\r\nCookie: a=" + own + "; sid=s3cr3t/token+value.x; " + own +
                           "\r\n\r\n");
  EXPECT_TRUE(sent.report.injected);
  EXPECT_FALSE(Needs(binding, "GET", {.fields = {{"Cookie", "a=" + own}, {"X-Y", own}}}));
  EXPECT_TRUE(Send(binding, {.fields = {{"Cookie", "sid=other"}}}).report.foreign_credential);
}

BindingView Aws() {
  return {.name = "b",
          .scheme = BindingScheme::kSigV4,
          .emit = Emit::kSentinel,
          .credential = "aws/x",
          .sentinel = "AKIALOOKALIKE"};
}
const std::string kAwsKey = "AKIAREAL\n" + std::string(64, 'a') + "\n";
const std::string kAwsHead =
    "AWS4-HMAC-SHA256 Credential=AKIALOOKALIKE/20260101/r/s3/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0";

TEST(Inject, ASignatureByTheLookAlikeIsMadeAgain) {
  const Request request{
      .fields = {{"Authorization", kAwsHead}, {"X-Amz-Date", "20260101T000000Z"}}};
  EXPECT_TRUE(Needs(Aws(), "GET", request));
  const Sent sent = Send({{Aws(), kAwsKey + "to/ken"}}, request);
  EXPECT_TRUE(
      sent.head.contains("Authorization: AWS4-HMAC-SHA256 Credential=AKIAREAL/20260101/r/s3/"
                         "aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, "
                         "Signature=" +
                         sent.report.aws_signature + "\r\n"))
      << sent.head << sent.error;
  EXPECT_TRUE(sent.head.contains("\r\nX-Amz-Security-Token: to/ken\r\n"));
  EXPECT_FALSE(sent.head.contains("LOOKALIKE"));
  EXPECT_EQ(sent.report.aws_signature.size(), 64u);

  const Request presigned{
      .target =
          "/k?a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIALOOKALIKE"
          "%2F20260101%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&"
          "X-Amz-SignedHeaders=host&X-Amz-Signature=0"};
  EXPECT_TRUE(Needs(Aws(), "GET", presigned));
  const Sent url = Send({{Aws(), kAwsKey}}, presigned);
  EXPECT_TRUE(url.head.starts_with(
      "GET /k?a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260101T000000Z&X-Amz-Credential="
      "AKIAREAL%2F20260101%2Fr%2Fs3%2Faws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=" +
      url.report.aws_signature + " HTTP/1.1\r\n"))
      << url.head << url.error;
}

TEST(Inject, WhatTheLookAlikeDidNotSignStaysAsItIs) {
  for (const std::string& value :
       {std::string("AKIALOOKALIKE"), std::string("Bearer AKIALOOKALIKE"),
        std::string("AWS AKIALOOKALIKE:sig"), std::string()}) {
    const Request request{.fields = {{"Authorization", value}}};
    EXPECT_FALSE(Needs(Aws(), "GET", request)) << value;
    EXPECT_TRUE(Send({{Aws(), kAwsKey}}, request).head.contains("Authorization: " + value))
        << value;
  }
  // One that cannot be made again does not go out at all.
  const Request undated{.fields = {{"Authorization", kAwsHead}}};
  EXPECT_TRUE(Needs(Aws(), "GET", undated));
  EXPECT_TRUE(Send({{Aws(), kAwsKey}}, undated).error.contains("X-Amz-Date"));
  BindingView injects = Aws();
  injects.emit = Emit::kInject;
  EXPECT_TRUE(Send({{injects, kAwsKey}}, {}).error.contains("nobody signed"));
}

TEST(Inject, BearerReplacesEveryAuthorizationOfTheClient) {
  const Sent sent = Send(
      Bearer(),
      {"/x?y",
       {{"Authorization", "Bearer mine"}, {"Accept", "*/*"}, {"authorization", "Basic bWluZQ=="}}});
  EXPECT_EQ(sent.head,
            "GET /x?y HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n"
            "Authorization: Bearer s3cr3t/token+value\r\n\r\n");
  EXPECT_TRUE(sent.report.injected);
  EXPECT_TRUE(sent.report.dropped_own);
  EXPECT_FALSE(sent.report.foreign_credential);
}

TEST(Inject, BasicCarriesUserAndSecret) {
  for (const std::string_view secret : {"a", "ab", "abc", "abcd", "abcde"}) {
    const Sent sent = Send({{Basic("x-access-token"), std::string(secret)}}, {});
    const std::string pair = fmt::format("x-access-token:{}", secret);
    EXPECT_TRUE(sent.head.contains("Authorization: Basic " + Base64Encode(pair) + "\r\n"))
        << sent.head;
  }
  const Sent whole = Send({{Basic(""), "user:pass"}}, {});
  EXPECT_TRUE(whole.head.contains("Basic " + Base64Encode("user:pass") + "\r\n"));
  EXPECT_TRUE(Send({{Basic(""), "no-colon"}}, {}).error.contains("user:password"));
  EXPECT_FALSE(Send({{Basic("a:b"), "x"}}, {}).error.empty());
}

TEST(Inject, ATemplateReplacesItsHeaderOnly) {
  const Sent sent = Send(Template("X-Api-Key", "v1 {secret}!"),
                         {"/", {{"x-api-key", "mine"}, {"Authorization", "Bearer other"}}});
  EXPECT_EQ(sent.head,
            "GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer other\r\n"
            "X-Api-Key: v1 s3cr3t/token+value!\r\n\r\n");
  EXPECT_TRUE(sent.report.dropped_own);
  EXPECT_TRUE(sent.report.foreign_credential);
}

TEST(Inject, AParameterReplacesEverySpellingOfItself) {
  EXPECT_TRUE(Send(Query("key"), {"/a?b=1&key=mine&%6bey=too&c", {}})
                  .head.starts_with("GET /a?b=1&c&key=s3cr3t%2Ftoken%2Bvalue HTTP/1.1\r\n"));
  EXPECT_TRUE(Send(Query("key"), {"/a", {}})
                  .head.starts_with("GET /a?key=s3cr3t%2Ftoken%2Bvalue HTTP/1.1\r\n"));
}

TEST(Inject, TheLookAlikeIsReplacedOnlyInTheBindingsField) {
  const std::string basic = "Basic " + Base64Encode(fmt::format("git:{}", kLookAlike));
  const std::string token = fmt::format("token {}", kLookAlike);
  const std::string target = fmt::format("/{0}/p?a={0}&b={0}x", kLookAlike);
  const Sent sent = Send(LookAlike(), {target, {{"Authorization", basic}, {"X-Any", token}}});
  EXPECT_TRUE(sent.report.injected);
  EXPECT_FALSE(sent.report.foreign_credential);
  EXPECT_TRUE(sent.head.starts_with(fmt::format("GET {} HTTP/1.1\r\n", target))) << sent.head;
  EXPECT_TRUE(sent.head.contains("Authorization: Basic " +
                                 Base64Encode(fmt::format("git:{}", kSecret)) + "\r\n"));
  EXPECT_TRUE(sent.head.contains(fmt::format("X-Any: token {}\r\n", kLookAlike)));
  BindingView other = LookAlike();
  other.scheme = BindingScheme::kHeaderTemplate;
  other.header = "X-Any";
  EXPECT_TRUE(Send(other, {"/", {{"x-any", token}}})
                  .head.contains(fmt::format("x-any: token {}\r\n", kSecret)));
}

TEST(Inject, TheLookAlikeIsReplacedOnlyInTheBindingsParameter) {
  BindingView binding = LookAlike();
  binding.scheme = BindingScheme::kQueryParam;
  binding.parameter = "key";
  const Sent sent = Send(binding, {fmt::format("/{0}?a={0}&key={0}x", kLookAlike),
                                   {{"Authorization", std::string(kLookAlike)}}});
  EXPECT_TRUE(sent.head.starts_with(
      fmt::format("GET /{0}?a={0}&key=s3cr3t%2Ftoken%2Bvaluex HTTP/1.1\r\n", kLookAlike)))
      << sent.head;
  EXPECT_TRUE(sent.head.contains(fmt::format("Authorization: {}\r\n", kLookAlike)));
}

TEST(Inject, AnyOtherTokenPassesUntouchedAndIsReported) {
  const Sent sent = Send(LookAlike(), {"/", {{"Authorization", "Bearer ghp_lookalike"}}});
  EXPECT_EQ(sent.head,
            "GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer ghp_lookalike\r\n\r\n");
  EXPECT_FALSE(sent.report.injected);
  EXPECT_TRUE(sent.report.foreign_credential);
  EXPECT_TRUE(Send(Bindings{}, {"/", {{"x-api-key", "a"}}}).report.foreign_credential);
  EXPECT_FALSE(Send(Bindings{}, {"/", {{"Accept", "a"}}}).report.foreign_credential);
  BindingView parameter = LookAlike();
  parameter.parameter = "key";
  EXPECT_TRUE(Send(parameter, {"/?key=mine", {}}).report.foreign_credential);
}

TEST(Inject, TheLookAlikeInHostIsNotACredential) {
  http::Headers headers;
  headers.Add("Host", kLookAlike);
  EXPECT_FALSE(NeedsCredential(LookAlike(), {"GET", "/", &headers}));
}

TEST(Inject, NeedsTheCredentialOnlyWhereItWillStand) {
  const auto needs = [](const BindingView& binding, const Request& request) {
    const http::Headers headers = HeadersOf(request);
    return NeedsCredential(binding, {"GET", request.target, &headers});
  };
  const std::string basic = "basic " + Base64Encode(fmt::format("{}:x", kLookAlike));
  const std::string query = fmt::format("/?a={}", kLookAlike);
  EXPECT_TRUE(needs(Bearer(), {}));
  EXPECT_FALSE(needs(LookAlike(), {}));
  EXPECT_FALSE(needs(LookAlike(), {"/", {{"Authorization", "Basic !!!"}}}));
  EXPECT_TRUE(needs(LookAlike(), {"/", {{"Authorization", basic}}}));
  EXPECT_FALSE(needs(LookAlike(), {"/", {{"X", kLookAlike}}}));
  EXPECT_FALSE(needs(LookAlike(), {query, {}}));
  BindingView parameter = LookAlike();
  parameter.scheme = BindingScheme::kQueryParam;
  parameter.parameter = "a";
  EXPECT_TRUE(needs(parameter, {query, {}}));
}

TEST(Inject, TwoBindingsMayShareARequestButNotAPlace) {
  const Sent both = Send({{Bearer(), "one"}, {Query("key"), "two"}}, {});
  EXPECT_TRUE(both.head.starts_with("GET /?key=two HTTP/1.1\r\n"));
  EXPECT_TRUE(both.head.contains("Authorization: Bearer one\r\n"));
  EXPECT_TRUE(Send({{Bearer(), "one"}, {Basic("u"), "two"}}, {}).error.contains("same header"));
  EXPECT_TRUE(
      Send({{Query("a"), "one"}, {Query("a"), "two"}}, {}).error.contains("same parameter"));
}

TEST(Inject, OfTwoLookAlikesAtOnePlaceTheLongerWins) {
  BindingView longer = LookAlike();
  longer.sentinel += "X";
  const std::string value = fmt::format("{0}X {0}", kLookAlike);
  const Sent sent =
      Send({{LookAlike(), "short"}, {longer, "long"}}, {"/", {{"Authorization", value}}});
  EXPECT_TRUE(sent.head.contains("Authorization: long short\r\n")) << sent.head;
}

TEST(Inject, ASecretThatCannotBeSentIsRefusedWithoutBeingQuoted) {
  using namespace std::string_literals;
  for (const std::string& bad :
       {"se\r\ncret"s, "secret\n"s, "sec\0ret"s, " secret"s, "secret "s, "sec\x7fret"s, ""s}) {
    for (const BindingView& binding :
         {Bearer(), Basic("u"), Template("X", "{secret}"), Query("k"), LookAlike()}) {
      const Sent sent = Send({{binding, bad}}, {});
      ASSERT_FALSE(sent.error.empty());
      EXPECT_FALSE(sent.error.contains("sec\n"));
      EXPECT_FALSE(sent.error.contains("ret\n"));
      EXPECT_TRUE(sent.error.contains("api/x"));
    }
  }
}

TEST(Inject, ABindingThatCannotWorkIsRefused) {
  BindingView short_one = LookAlike();
  short_one.sentinel = "abc";
  BindingView empty = LookAlike();
  empty.sentinel = "";
  for (const BindingView& binding :
       {Template("X", "no place"), Template("", "{secret}"), Template("X Y", "{secret}"),
        Template("Host", "{secret}"), Template("Content-Length", "{secret}"),
        Template("X", "a\r\nb {secret}"), Query(""), short_one, empty}) {
    EXPECT_FALSE(Send(binding, {}).error.empty());
  }
}

TEST(Inject, AHeadThatDoesNotFitLeavesTheBufferAlone) {
  EXPECT_TRUE(Send({{Bearer(), "one"}}, {}, 40).error.contains("free"));
}

TEST(SecretBuffer, WipesWhatLeaves) {
  ByteBuffer buffer(100, Contents::kSecret);
  buffer.Append("secret-one");
  buffer.Append("rest");
  const char* memory = buffer.View().data();
  buffer.Consume(10);
  EXPECT_EQ(std::string_view(memory, 10), std::string_view("\0\0\0\0\0\0\0\0\0\0", 10));
  EXPECT_EQ(buffer.View(), "rest");
  ByteBuffer moved(std::move(buffer));
  EXPECT_EQ(moved.View(), "rest");
}

}  // namespace
}  // namespace aileron::proxy
