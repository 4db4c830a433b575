#include "vault/aws_key.h"

#include <gtest/gtest.h>

namespace aileron::vault {
namespace {

constexpr std::string_view kPair = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

std::string Derive(std::string_view credential) {
  const auto key = DeriveAwsKey(Secret(credential), {"20150830", "us-east-1", "iam"});
  return key ? std::string(key->Reveal()) : key.error().message;
}

TEST(AwsKey, IsTheDocumentedOne) {
  const std::string key = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
  EXPECT_EQ(Derive(kPair), "AKIDEXAMPLE\n" + key + "\n");
  EXPECT_EQ(Derive(std::string(kPair) + ":tok/en=="), "AKIDEXAMPLE\n" + key + "\ntok/en==");
}

TEST(AwsKey, AnythingElseIsNoCredentialAndIsNotQuoted) {
  for (const std::string_view text : {"AKIA", "AKIA:", ":secret", "AK IA:secret",
                                      "AKIA:secret:", "AKIA:sec\nret", "AKIA:secret:to ken"}) {
    const std::string message = Derive(text);
    EXPECT_TRUE(message.starts_with("it is not ACCESS_KEY_ID")) << text;
    EXPECT_FALSE(message.contains("secret"));
  }
}

TEST(AwsKey, AScopeIsNearNowAndSpelledPlainly) {
  const Time now = *ParseTime("2026-03-10T23:50:00Z");
  const auto check = [&](std::string_view date, std::string_view region = "eu-west-1",
                         std::string_view service = "s3") {
    return CheckAwsScope({std::string(date), std::string(region), std::string(service)}, now)
        .has_value();
  };
  for (const std::string_view date : {"20260310", "20260311", "20260309", "20260303"}) {
    EXPECT_TRUE(check(date)) << date;
  }
  for (const std::string_view date :
       {"20260302", "20260312", "20270310", "2026031", "2026-3-10", ""}) {
    EXPECT_FALSE(check(date)) << date;
  }
  EXPECT_FALSE(CheckAwsScope({"20260311", "a", "b"}, now - std::chrono::minutes(10)).has_value());
  for (const std::string_view part : {"", "EU", "a/b", "a b", "a\nb", "*"}) {
    EXPECT_FALSE(check("20260310", part)) << part;
    EXPECT_FALSE(check("20260310", "eu-west-1", part)) << part;
  }
}

}  // namespace
}  // namespace aileron::vault
