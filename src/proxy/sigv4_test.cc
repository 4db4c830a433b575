#include "proxy/sigv4.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/hmac.h"
#include "proxy/inject.h"

namespace aileron::proxy {
namespace {

// A request as AWS documents it, and the key id that it is signed with.
struct Example {
  std::string method = "GET";
  std::string target = "/";
  std::vector<http::Headers::Field> fields;
  std::string scope;  // date/region/service
  std::string signed_headers;
  std::string secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  std::string body_hash;
  std::string token;
};

std::string DerivedKey(const Example& example) {
  const auto parts = Split(example.scope, '/');
  crypto::Digest key = crypto::HmacSha256("AWS4" + example.secret, parts[0]);
  for (const std::string_view part : {parts[1], parts[2], std::string_view("aws4_request")}) {
    key = crypto::HmacSha256(crypto::AsText(key), part);
  }
  return HexEncode(key);
}

http::Headers HeadersOf(const Example& example) {
  http::Headers headers;
  for (const auto& [name, value] : example.fields) headers.Add(name, value);
  if (!example.target.contains("X-Amz-Credential")) {
    headers.Add("Authorization",
                fmt::format("AWS4-HMAC-SHA256 Credential=LOOKALIKE/{}/aws4_request, "
                            "SignedHeaders={}, Signature=0",
                            example.scope, example.signed_headers));
  }
  return headers;
}

Resigned Sign(const Example& example) {
  const http::Headers headers = HeadersOf(example);
  const RequestParts request{example.method, example.target, &headers};
  const auto signature = FindAwsSignature(request, "LOOKALIKE");
  EXPECT_TRUE(signature && *signature) << (signature ? "not found" : signature.error().message);
  const std::string key = DerivedKey(example);
  return SignAgain(request, **signature, {"AKIDEXAMPLE", key, example.token}, example.body_hash);
}

// The suite of examples for every service: region us-east-1, service "service".
Example Suite(std::string method, std::string target, std::vector<http::Headers::Field> more = {},
              std::string names = "host;x-amz-date") {
  Example example{.method = std::move(method), .target = std::move(target)};
  example.fields = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}};
  example.fields.insert(example.fields.end(), more.begin(), more.end());
  example.scope = "20150830/us-east-1/service";
  example.signed_headers = std::move(names);
  return example;
}

TEST(SigV4, SignsTheSuiteOfExamples) {
  const std::string vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
  EXPECT_EQ(Sign(Suite("GET", "/")).signature, vanilla);
  for (const char* same : {"/example/..", "/./", "//", "/example/../", "/./././"}) {
    EXPECT_EQ(Sign(Suite("GET", same)).signature, vanilla) << same;
  }
  EXPECT_EQ(Sign(Suite("GET", "/?Param2=value2&Param1=value1")).signature,
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(Sign(Suite("GET", "/\u1234")).signature,
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  EXPECT_EQ(Sign(Suite("POST", "/")).signature,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(Sign(Suite("GET", "/", {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
                       "host;my-header1;my-header2;x-amz-date"))
                .signature,
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  Example form = Suite("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}},
                       "content-type;host;x-amz-date");
  form.body_hash = HexEncode(crypto::Hash("Param1=value1"));
  EXPECT_EQ(Sign(form).signature,
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(SigV4, SignsTheExampleOfTheGuide) {
  Example example{.target = "/?Action=ListUsers&Version=2010-05-08"};
  example.fields = {{"Host", "iam.amazonaws.com"},
                    {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                    {"X-Amz-Date", "20150830T123600Z"}};
  example.scope = "20150830/us-east-1/iam";
  example.signed_headers = "content-type;host;x-amz-date";
  const Resigned signed_again = Sign(example);
  EXPECT_EQ(signed_again.authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

Example S3(std::string method, std::string target, std::vector<http::Headers::Field> more,
           std::string names) {
  Example example{.method = std::move(method), .target = std::move(target)};
  example.fields = {{"Host", "examplebucket.s3.amazonaws.com"}, {"x-amz-date", "20130524T000000Z"}};
  example.fields.insert(example.fields.end(), more.begin(), more.end());
  example.scope = "20130524/us-east-1/s3";
  example.signed_headers = std::move(names);
  example.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  return example;
}

TEST(SigV4, SignsTheExamplesOfS3) {
  const http::Headers::Field empty{
      "x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
  EXPECT_EQ(Sign(S3("GET", "/test.txt", {{"Range", "bytes=0-9"}, empty},
                    "host;range;x-amz-content-sha256;x-amz-date"))
                .signature,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(Sign(S3("PUT", "/test$file.text",
                    {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                     {"x-amz-content-sha256",
                      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
                    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class"))
                .signature,
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  const std::string names = "host;x-amz-content-sha256;x-amz-date";
  EXPECT_EQ(Sign(S3("GET", "/?lifecycle", {empty}, names)).signature,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(Sign(S3("GET", "/?max-keys=2&prefix=J", {empty}, names)).signature,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// The documented presigned URL has the key id AKIAIOSFODNN7EXAMPLE, which its signature covers.
TEST(SigV4, SignsThePresignedExampleOfS3) {
  Example example = S3("GET",
                       "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=LOOKALIKE%2F"
                       "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
                       "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=0&"
                       "X-Amz-Security-Token=theirs",
                       {}, "");
  const http::Headers headers = HeadersOf(example);
  const RequestParts request{example.method, example.target, &headers};
  const auto signature = FindAwsSignature(request, "LOOKALIKE");
  ASSERT_TRUE(signature && *signature);
  const std::string key = DerivedKey(example);
  const Resigned again = SignAgain(request, **signature, {"AKIAIOSFODNN7EXAMPLE", key, ""}, "");
  EXPECT_EQ(again.place, AwsSignature::Place::kQuery);
  EXPECT_EQ(again.signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(SigV4, ASessionTokenOfTheCredentialsReplacesTheClients) {
  Example mine = Suite("GET", "/");
  mine.token = "real-token";
  const Resigned again = Sign(mine);
  EXPECT_EQ(again.signed_headers, "host;x-amz-date;x-amz-security-token");
  // The same as if the client had sent that token itself.
  Example sent = Suite("GET", "/", {{"X-Amz-Security-Token", "theirs"}},
                       "host;x-amz-date;x-amz-security-token");
  sent.token = "real-token";
  EXPECT_EQ(Sign(sent).signature, again.signature);
  sent.token = "";
  EXPECT_EQ(Sign(sent).signature, Sign(Suite("GET", "/")).signature);
}

TEST(SigV4, WhatDoesNotGoOutIsNotSigned) {
  const Resigned again = Sign(Suite("GET", "/", {}, "connection;host;te;x-amz-date"));
  EXPECT_EQ(again.signed_headers, "host;x-amz-date");
}

std::string Found(std::string target, std::vector<http::Headers::Field> fields) {
  http::Headers headers;
  for (const auto& [name, value] : fields) headers.Add(name, value);
  const auto signature = FindAwsSignature({"GET", target, &headers}, "LOOKALIKE");
  if (!signature) return "wrong";
  return *signature ? (*signature)->Scope() : "none";
}

TEST(SigV4, OnlyASignatureByTheLookAlikeIsFound) {
  const http::Headers::Field date{"X-Amz-Date", "20150830T123600Z"};
  const auto header = [&](std::string_view value) {
    return Found("/", {date, {"Authorization", value}});
  };
  const std::string scope = "20150830/r/s/aws4_request";
  EXPECT_EQ(header("AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150830/r/s/aws4_request, "
                   "SignedHeaders=host, Signature=0"),
            scope);
  EXPECT_EQ(header("AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150830/r/s/aws4_request,"
                   "SignedHeaders=host,Signature=0"),
            scope);
  for (const std::string_view other :
       {"AWS4-HMAC-SHA256 Credential=AKIA/20150830/r/s/aws4_request, SignedHeaders=host, "
        "Signature=0",
        "AWS4-HMAC-SHA256 Credential=LOOKALIKEX/20150830/r/s/aws4_request, SignedHeaders=host",
        "AWS LOOKALIKE:signature", "Bearer LOOKALIKE", "AWS4-HMAC-SHA256", ""}) {
    EXPECT_EQ(header(other), "none") << other;
  }
  for (const std::string_view wrong :
       {"AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150830/r/s, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150830/r/s/other, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150831/r/s/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150830/r/s/aws4_request, SignedHeaders=a b",
        "AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150830/r/s/aws4_request, SignedHeaders=x-amz-date",
        "AWS4-HMAC-SHA256 Credential=LOOKALIKE/20150830/r/s/aws4_request"}) {
    EXPECT_EQ(header(wrong), "wrong") << wrong;
  }
  EXPECT_EQ(Found("/?X-Amz-Credential=LOOKALIKE/20150830/r/s/aws4_request", {}), "wrong");
  EXPECT_EQ(Found("/?X-Amz-Credential=OTHER/20150830/r/s/aws4_request", {}), "none");
}

TEST(SigV4, ThePayloadIsSignedAsTheClientSaysIt) {
  const auto payload = [](std::string_view stated, std::string scope, std::string target = "/") {
    http::Headers headers;
    if (!stated.empty()) headers.Add("X-Amz-Content-Sha256", stated);
    AwsSignature signature{.service = std::move(scope)};
    if (target != "/") signature.place = AwsSignature::Place::kQuery;
    return AwsPayloadOf({"PUT", target, &headers}, signature);
  };
  EXPECT_EQ(*payload("UNSIGNED-PAYLOAD", "s3"), AwsPayload::kStated);
  EXPECT_EQ(*payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "s3"), AwsPayload::kStated);
  EXPECT_EQ(*payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "s3"), AwsPayload::kChunks);
  EXPECT_EQ(*payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "s3"),
            AwsPayload::kChunksTrailer);
  EXPECT_FALSE(payload("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "s3"));
  EXPECT_EQ(*payload("", "sts"), AwsPayload::kBody);
  EXPECT_EQ(*payload("", "s3", "/?X"), AwsPayload::kStated);
}

TEST(SigV4, AKeyThatIsMalformedIsRefused) {
  const std::string hex(64, 'a');
  EXPECT_EQ(ReadAwsKey(Secret("id\n" + hex + "\ntoken"))->session_token, "token");
  for (const std::string& text : {std::string("id"), "id\n" + hex, std::string("id\nabc\n")}) {
    EXPECT_FALSE(ReadAwsKey(Secret(text)));
  }
}

}  // namespace
}  // namespace aileron::proxy
