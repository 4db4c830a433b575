#include "modes/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "os/fd.h"

namespace aileron::modes {
namespace {

using testing::HasSubstr;

// A descriptor with `text` in it.
os::Fd Holding(std::string_view text) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_TRUE(os::WriteAll(ends[1], text));
  close(ends[1]);
  return os::Fd(ends[0]);
}

TEST(ReadSecret, LeavesOutOneLineEnd) {
  for (const auto& [text, expected] :
       {std::pair("value\n", "value"), std::pair("value\r\n", "value"), std::pair("value", "value"),
        std::pair("value\n\n", "value\n"), std::pair(" va lue \n", " va lue ")}) {
    const auto secret = ReadSecret(Holding(text).get(), 100, "test");
    ASSERT_TRUE(secret) << secret.error().message;
    EXPECT_EQ(secret->Reveal(), expected);
  }
}

TEST(ReadSecret, KeepsNulBytes) {
  const auto secret = ReadSecret(Holding(std::string_view("a\0b", 3)).get(), 100, "test");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->size(), 3u);
}

TEST(ReadSecret, TakesExactlyTheLimitAndNotMore) {
  const std::string whole(100, 'x');
  EXPECT_TRUE(ReadSecret(Holding(whole + "\n").get(), 100, "test"));
  const auto more = ReadSecret(Holding(whole + "Q\n").get(), 100, "test");
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message, HasSubstr("100 bytes"));
  EXPECT_EQ(more.error().message.find('Q'), std::string::npos)
      << "an error must not quote the secret";
}

TEST(ReadSecret, RefusesAnEmptyOne) {
  EXPECT_FALSE(ReadSecret(Holding("").get(), 100, "test"));
  EXPECT_FALSE(ReadSecret(Holding("\n").get(), 100, "test"));
}

TEST(PassphraseFromFlags, KnowsWhetherOneWasGiven) {
  Parsed parsed;
  auto none = PassphraseFromFlags(parsed, "--file", "--fd");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());

  const os::Fd held = Holding("open sesame\n");
  parsed.Add("--fd", std::to_string(held.get()));
  const auto given = PassphraseFromFlags(parsed, "--file", "--fd");
  ASSERT_TRUE(given);
  ASSERT_TRUE(given->has_value());
  EXPECT_EQ((*given)->Reveal(), "open sesame");

  parsed.Add("--file", "/x");
  EXPECT_FALSE(PassphraseFromFlags(parsed, "--file", "--fd"));
  Parsed wrong;
  wrong.Add("--fd", "three");
  EXPECT_FALSE(PassphraseFromFlags(wrong, "--file", "--fd"));
}

}  // namespace
}  // namespace aileron::modes
