#include "net/turns.h"

#include <gtest/gtest.h>

namespace aileron::net {
namespace {

TEST(Turns, StepsUntilNothingIsLeftOrOthersAreDue) {
  Turns turns;
  int left = 3;
  const auto step = [&] { return --left > 0; };
  auto ran = turns.Run(Turns::kNoLimit, step);
  EXPECT_EQ(left, 0);
  EXPECT_TRUE(ran->moved);
  EXPECT_FALSE(ran->more);
  left = 10;
  ran = turns.Run(4, step);
  EXPECT_EQ(left, 6);
  EXPECT_TRUE(ran->more);
  left = 0;
  EXPECT_FALSE(turns.Run(4, step)->moved);
}

TEST(Turns, ACallFromWithinAStepIsAnotherStep) {
  Turns turns;
  int steps = 0;
  const auto step = [&] {
    if (++steps == 1) EXPECT_FALSE(turns.Run(1, [] { return true; }));
    if (steps == 2) turns.Again();
    return false;
  };
  EXPECT_TRUE(turns.Run(Turns::kNoLimit, step)->moved);
  EXPECT_EQ(steps, 3);
}

class Owner : public std::enable_shared_from_this<Owner> {
 public:
  explicit Owner(Loop& loop, int& pumped) : loop_(loop), pumped_(pumped) {}
  void Pump() { ++pumped_; }
  void Soon() { turns_.Soon(loop_, weak_from_this(), &Owner::Pump); }

 private:
  Loop& loop_;
  int& pumped_;
  Turns turns_;
};

TEST(Turns, LaterIsOnceAndNotForWhoHasGone) {
  const auto loop = Loop::Make().value();
  int pumped = 0;
  auto owner = std::make_shared<Owner>(*loop, pumped);
  owner->Soon();
  owner->Soon();
  EXPECT_EQ(pumped, 0);
  loop->Turn(std::chrono::milliseconds(0));
  EXPECT_EQ(pumped, 1);
  owner->Soon();
  owner.reset();
  loop->Turn(std::chrono::milliseconds(0));
  EXPECT_EQ(pumped, 1);
}

}  // namespace
}  // namespace aileron::net
