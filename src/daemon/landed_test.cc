#include "daemon/landed.h"

#include <gtest/gtest.h>

#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

constexpr std::size_t kLarge = 1 << 20;

Landed::Call Ended(std::size_t size) {
  approval::Outcome outcome{.end = approval::Outcome::End::kSucceeded,
                            .status = 200,
                            .body = std::string(size, 'x'),
                            .body_size = static_cast<std::int64_t>(size)};
  return {.outcome = std::move(outcome)};
}

std::string Name(std::size_t n) { return fmt::format("{}", n); }

TEST(Landed, ACallIsFoundByItsSessionAndKey) {
  Landed landed;
  landed.Keep({"S", "K"}, Ended(3));
  ASSERT_NE(landed.Find({"S", "K"}), nullptr);
  EXPECT_EQ(landed.Find({"S", "K"})->outcome.body, "xxx");
  EXPECT_EQ(landed.Find({"T", "K"}), nullptr);
  EXPECT_EQ(landed.Find({"S", "L"}), nullptr);
  landed.Keep({"S", "K"}, Ended(5));
  EXPECT_EQ(landed.Find({"S", "K"})->outcome.body, "xxx") << "the first is the one that was told";
  EXPECT_EQ(landed.bytes(), 3u);
}

TEST(Landed, TheOldestOfASessionGoFirst) {
  Landed landed;
  landed.Keep({"T", "0"}, Ended(1));
  for (std::size_t n = 0; n <= limits::kLandedKept; ++n) landed.Keep({"S", Name(n)}, Ended(1));
  EXPECT_EQ(landed.Find({"S", "0"}), nullptr);
  EXPECT_NE(landed.Find({"S", "1"}), nullptr);
  EXPECT_NE(landed.Find({"T", "0"}), nullptr);
  EXPECT_EQ(landed.bytes(), limits::kLandedKept + 1);
}

TEST(Landed, BodiesAreBoundedOverAllSessionsAndACallStaysKnown) {
  Landed landed;
  const std::size_t fits = limits::kLandedBytes / kLarge;
  for (std::size_t n = 0; n < 3 * fits; ++n) landed.Keep({Name(n), "K"}, Ended(kLarge));
  EXPECT_LE(landed.bytes(), limits::kLandedBytes);
  const Landed::Call* first = landed.Find({"0", "K"});
  ASSERT_NE(first, nullptr) << "or it would run twice";
  EXPECT_EQ(first->outcome.body, "");
  EXPECT_EQ(first->outcome.body_size, static_cast<std::int64_t>(kLarge));
  EXPECT_NE(first->outcome.message, "");
  EXPECT_EQ(landed.Find({Name(3 * fits - 1), "K"})->outcome.body.size(), kLarge);
}

TEST(Landed, SessionsThatAreOverAreForgotten) {
  Landed landed;
  landed.Keep({"S", "K"}, Ended(10));
  landed.Keep({"T", "K"}, Ended(20));
  landed.Forget([](const std::string& session) { return session == "S"; });
  EXPECT_EQ(landed.Find({"S", "K"}), nullptr);
  EXPECT_NE(landed.Find({"T", "K"}), nullptr);
  EXPECT_EQ(landed.bytes(), 20u);
}

}  // namespace
}  // namespace aileron::daemon
