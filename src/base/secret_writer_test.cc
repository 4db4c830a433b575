#include "base/secret_writer.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron {
namespace {

TEST(SecretWriter, AFormIsEncoded) {
  SecretWriter writer(100);
  writer.PutField("grant_type", "refresh_token");
  writer.PutField("a b", "x&y=z/\xc3\xa4~");
  EXPECT_EQ(writer.View(), "grant_type=refresh_token&a%20b=x%26y%3Dz%2F%C3%A4~");
}

TEST(SecretWriter, Base64IsWhatEverybodyElseWrites) {
  for (const std::string_view text :
       {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe"}) {
    SecretWriter writer(100);
    writer.PutBase64(text);
    EXPECT_EQ(writer.View(), Base64Encode(text));
  }
}

TEST(SecretWriter, TheAlphabetOfUrlsDiffersInTwoCharacters) {
  SecretWriter writer(100);
  writer.PutBase64Url("\xff\xfe\xfb?>~");
  EXPECT_EQ(writer.View(), "__77Pz5-");
}

TEST(SecretWriter, WhatJsonWouldTakeForItsOwnIsEscaped) {
  SecretWriter writer(100);
  writer.PutJson("a\"b\\c\n\xc3\xa4");
  EXPECT_EQ(writer.View(), "a\\\"b\\\\c\\u000a\xc3\xa4");
}

TEST(SecretWriter, WhatDoesNotFitIsTold) {
  SecretWriter writer(3);
  writer.Put("abc");
  EXPECT_FALSE(writer.overflowed());
  writer.Put("d");
  EXPECT_TRUE(writer.overflowed());
  EXPECT_EQ(writer.Take().Reveal(), "abc");
}

}  // namespace
}  // namespace aileron
