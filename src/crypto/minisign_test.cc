#include "crypto/minisign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/limits.h"

namespace aileron::crypto {
namespace {

using ::testing::HasSubstr;

// Made by minisign 0.11.
constexpr std::string_view kMessage = "schema: a\n";
constexpr std::string_view kKeyLine = "RWQWHTmLLW5z51a2JjDNq/d4ZWswEEEggXDpnsF+jKsoCEntihCPUOhM";
constexpr std::string_view kKeyFile =
    "untrusted comment: minisign public key E7736E2D8B391D16\n"
    "RWQWHTmLLW5z51a2JjDNq/d4ZWswEEEggXDpnsF+jKsoCEntihCPUOhM\n";
constexpr std::string_view kHashed =
    "untrusted comment: signature from minisign secret key\n"
    "RUQWHTmLLW5z57sJa8Pn7KeGYteVZ1U4DFUS6BjqqWxNdskVmEeJo+9JofYPDV3INmB9A3mb/"
    "qKiZ9LbI4X8Z9CUXwwgMzwKjA4=\n"
    "trusted comment: of a test\n"
    "DgUz/osUcF67hMSlsgdfHU1hek88ZzXu8jvgaSY/"
    "AxRMeTcwQjf9Cye4R2NiC9LE00TyKCfmduXIzrSQ8mjYDQ==\n";
constexpr std::string_view kLegacy =
    "untrusted comment: signature from minisign secret key\n"
    "RWQWHTmLLW5z5wbsvrfl0b52pvHzUsTjGdtcsyVYVycF/"
    "MYAHzUlU21dTpZc0mDfFeJb0aFX5obl2y49lAax+8iG+acei4BaywE=\n"
    "trusted comment: of a test\n"
    "cQdtQpd+0m0b0LBFBKzxJ6glgYeEAKbLcKVb8A46IFtI2fkyc0RYMhysKBOqA6zvJxAouIfrE2dX+v4tacLoDQ==\n";

MinisignKey Key() { return ParseMinisignKey(kKeyLine).value(); }

std::string ErrorOfKey(std::string_view text) {
  const auto key = ParseMinisignKey(text);
  return key ? "" : key.error().message;
}
std::string ErrorOfSignature(std::string_view text) {
  const auto signature = ParseMinisignSignature(text);
  return signature ? "" : signature.error().message;
}

std::string Replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string changed(text);
  const std::size_t at = changed.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return changed.replace(at, what.size(), with);
}

TEST(Minisign, ReadsAKeyAsAFileAndAsALine) {
  EXPECT_EQ(KeyIdText(Key().id), "E7736E2D8B391D16");
  EXPECT_EQ(ParseMinisignKey(kKeyFile).value(), Key());
  EXPECT_EQ(ParseMinisignKey(Replaced(kKeyFile, "\n", "\r\n")).value(), Key());
  EXPECT_EQ(Key().Line(), kKeyLine);
  EXPECT_EQ(Key().File(), kKeyFile);
}

TEST(Minisign, BothFormsOfTheRealProgramAreGood) {
  for (const std::string_view text : {kHashed, kLegacy}) {
    const auto signature = ParseMinisignSignature(text);
    ASSERT_TRUE(signature) << signature.error().message;
    EXPECT_EQ(signature->trusted_comment, "of a test");
    EXPECT_EQ(signature->id, Key().id);
    EXPECT_TRUE(Verify(Key(), kMessage, *signature));
    EXPECT_FALSE(Verify(Key(), "schema: b\n", *signature));
    EXPECT_FALSE(Verify(Key(), "", *signature));
  }
  EXPECT_EQ(ParseMinisignSignature(kHashed)->form, MinisignForm::kHashed);
  EXPECT_EQ(ParseMinisignSignature(kLegacy)->form, MinisignForm::kWhole);
}

TEST(Minisign, AChangedTrustedCommentIsNotTrusted) {
  const auto signature = ParseMinisignSignature(Replaced(kHashed, "of a test", "of a tent"));
  ASSERT_TRUE(signature);
  EXPECT_FALSE(Verify(Key(), kMessage, *signature));
}

TEST(Minisign, AChangedUntrustedCommentMeansNothing) {
  const auto signature =
      ParseMinisignSignature(Replaced(kHashed, "signature from minisign secret key", "\x1b[2J"));
  ASSERT_TRUE(signature);
  EXPECT_TRUE(Verify(Key(), kMessage, *signature));
}

TEST(Minisign, EveryBitOfASignatureCounts) {
  const MinisignSignature good = ParseMinisignSignature(kHashed).value();
  for (std::size_t i = 0; i < good.signature.size(); ++i) {
    MinisignSignature bad = good;
    bad.signature[i] ^= 1;
    EXPECT_FALSE(Verify(Key(), kMessage, bad)) << i;
    bad = good;
    bad.over_both[i] ^= 1;
    EXPECT_FALSE(Verify(Key(), kMessage, bad)) << i;
  }
  MinisignSignature other_form = good;
  other_form.form = MinisignForm::kWhole;
  EXPECT_FALSE(Verify(Key(), kMessage, other_form));
}

TEST(Minisign, AnotherKeyWithTheSameIdIsNotTheKey) {
  const MinisignSignature signature = ParseMinisignSignature(kHashed).value();
  MinisignKey other = Key();
  other.key = SigningKey::Generate().public_key();
  EXPECT_FALSE(Verify(other, kMessage, signature));
  MinisignKey renamed = Key();
  renamed.id[0] ^= 1;
  EXPECT_FALSE(Verify(renamed, kMessage, signature));
}

TEST(Minisign, WhatIsNoKeyIsTold) {
  EXPECT_THAT(ErrorOfKey(""), HasSubstr("one line"));
  EXPECT_THAT(ErrorOfKey("a\nb\n"), HasSubstr("one line"));
  EXPECT_THAT(ErrorOfKey(std::string(kKeyFile) + "x\n"), HasSubstr("one line"));
  EXPECT_THAT(ErrorOfKey("not base64!"), HasSubstr("base64"));
  EXPECT_THAT(ErrorOfKey("RWQWHTmL"), HasSubstr("length"));
  EXPECT_THAT(ErrorOfKey(Replaced(kKeyLine, "RWQ", "RXQ")), HasSubstr("algorithm"));
  EXPECT_THAT(ErrorOfKey(std::string(limits::kMinisignMax + 1, 'A')), HasSubstr("too long"));
}

TEST(Minisign, AKeyThatAnyoneCanSignForIsRefused) {
  // The neutral element: with it a signature of zeros is good for some messages.
  MinisignKey weak;
  weak.key[0] = 1;
  EXPECT_THAT(ErrorOfKey(weak.Line()), HasSubstr("point of the curve"));
  weak.key[0] = 0;
  EXPECT_THAT(ErrorOfKey(weak.Line()), HasSubstr("point of the curve"));
}

TEST(Minisign, ASecretKeyIsRefusedAndNotShown) {
  const std::string secret = Base64Encode("Ed" + std::string(156, 's'));
  const std::string error =
      ErrorOfKey("untrusted comment: minisign encrypted secret key\n" + secret + "\n");
  EXPECT_THAT(error, HasSubstr("secret key"));
  EXPECT_FALSE(error.contains(secret.substr(0, 12)));
}

TEST(Minisign, WhatIsNoSignatureIsTold) {
  EXPECT_THAT(ErrorOfSignature(""), HasSubstr("four lines"));
  EXPECT_THAT(ErrorOfSignature("<!doctype html>\n"), HasSubstr("four lines"));
  EXPECT_THAT(ErrorOfSignature(std::string(kHashed) + "\n"), HasSubstr("four lines"));
  EXPECT_THAT(ErrorOfSignature(kHashed.substr(0, kHashed.size() - 90)), HasSubstr("four lines"));
  EXPECT_THAT(ErrorOfSignature(Replaced(kHashed, "untrusted comment", "comment")),
              HasSubstr("first line"));
  EXPECT_THAT(ErrorOfSignature(Replaced(kHashed, "\ntrusted", "\nTrusted")),
              HasSubstr("third line"));
  EXPECT_THAT(ErrorOfSignature(Replaced(kHashed, "RUQW", "RUQ")), HasSubstr("second line"));
  EXPECT_THAT(ErrorOfSignature(Replaced(kHashed, "RUQW", "RVQW")), HasSubstr("algorithm"));
  EXPECT_THAT(ErrorOfSignature(Replaced(kHashed, "DgUz", "Dg=z")), HasSubstr("last line"));
  EXPECT_THAT(ErrorOfSignature(std::string(limits::kMinisignMax + 1, '\n')), HasSubstr("too long"));
}

TEST(Minisign, LineEndsOfAnotherSystemAreTaken) {
  std::string text;
  for (const char c : kHashed) text += c == '\n' ? "\r\n" : std::string(1, c);
  const auto signature = ParseMinisignSignature(text);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(Verify(Key(), kMessage, *signature));
}

}  // namespace
}  // namespace aileron::crypto
