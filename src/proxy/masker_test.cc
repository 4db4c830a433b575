#include "proxy/masker.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron::proxy {
namespace {

constexpr std::string_view kSecret = "s3cr3t/val+ue";

BindingView Binding(BindingScheme scheme = BindingScheme::kBearer, std::string username = "") {
  return {.name = "b", .scheme = scheme, .credential = "api/b", .username = std::move(username)};
}

std::string Masked(Masker& masker, std::string_view text, std::size_t piece) {
  std::string out;
  while (!text.empty()) {
    out += masker.Push(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  return out + std::string(masker.Finish());
}

TEST(Masker, ASecretIsMaskedOverEveryBorder) {
  const std::string text = "{\"a\":\"Bearer " + std::string(kSecret) + "\",\"b\":\"" +
                           std::string(kSecret) + std::string(kSecret) +
                           "\",\"c\":\"s3cr3t/val\"}s3cr3t";
  const std::string stars(kSecret.size(), '*');
  const std::string expected =
      "{\"a\":\"Bearer " + stars + "\",\"b\":\"" + stars + stars + "\",\"c\":\"s3cr3t/val\"}s3cr3t";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Masker masker;
    ASSERT_TRUE(masker.Add(Binding(), Secret(kSecret)));
    EXPECT_EQ(Masked(masker, text, piece), expected) << piece;
  }
}

TEST(Masker, TheFormsThatInjectionWritesAreMasked) {
  Masker masker;
  ASSERT_TRUE(masker.Add(Binding(BindingScheme::kBasic, "me"), Secret(kSecret)));
  const std::string base64 = Base64Encode("me:" + std::string(kSecret));
  const std::string text = "key=s3cr3t%2Fval%2Bue&Basic " + base64 + " me";
  EXPECT_EQ(Masked(masker, text, 5),
            "key=*****************&Basic " + std::string(base64.size(), '*') + " me");
  // Of user:password the user name is no secret.
  Masker pair;
  ASSERT_TRUE(pair.Add(Binding(BindingScheme::kBasic), Secret("somebody:password")));
  EXPECT_EQ(Masked(pair, "somebody password", 3), "somebody ********");
}

TEST(Masker, NothingThatCannotBeASecretWaits) {
  Masker masker;
  ASSERT_TRUE(masker.Add(Binding(), Secret(kSecret)));
  EXPECT_EQ(masker.Push("data: x\n\n"), "data: x\n\n");
  EXPECT_EQ(masker.waiting(), 0u);
  EXPECT_EQ(masker.Push("data: s3c"), "data: ");
  EXPECT_EQ(masker.waiting(), 3u);
  EXPECT_EQ(masker.Push("a"), "s3ca");
}

TEST(Masker, FieldsAreMaskedAndKeepTheirOrder) {
  Masker masker;
  ASSERT_TRUE(masker.Add(Binding(), Secret(kSecret)));
  http::Headers headers;
  headers.Add("B", "x " + std::string(kSecret));
  headers.Add("A", "y");
  masker.Mask(headers);
  EXPECT_EQ(headers.at(0).value, "x *************");
  EXPECT_EQ(headers.at(1).value, "y");
}

TEST(Masker, WhatCannotBeLookedForIsRefused) {
  Masker masker;
  EXPECT_FALSE(masker.Add(Binding(), Secret("short")));
  EXPECT_FALSE(masker.Add(Binding(BindingScheme::kBasic), Secret("somebody:short")));
  EXPECT_FALSE(masker.Add(Binding(), Secret(std::string(limits::masked_max, 'x'))));
}

}  // namespace
}  // namespace aileron::proxy
