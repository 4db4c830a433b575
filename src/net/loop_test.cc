#include "net/loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace aileron::net {
namespace {

using std::chrono_literals::operator""ms;

class Counter final : public Loop::Handler {
 public:
  void OnReady(Readiness ready) override {
    ++calls;
    last = ready;
    if (then) then();
  }
  int calls = 0;
  Readiness last;
  std::function<void()> then;
};

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    read = os::Fd(ends[0]);
    write = os::Fd(ends[1]);
  }
  os::Fd read;
  os::Fd write;
};

TEST(Loop, AHandlerHearsOfBytesOnceUntilMoreCome) {
  const auto loop = *Loop::Make();
  Pipe pipe;
  Counter counter;
  ASSERT_TRUE(loop->Watch(pipe.read.get(), counter));
  ASSERT_TRUE(os::WriteAll(pipe.write.get(), "x"));
  loop->Turn(1000ms);
  EXPECT_EQ(counter.calls, 1);
  EXPECT_TRUE(counter.last.readable);
  loop->Turn(1ms);
  EXPECT_EQ(counter.calls, 1);
  pipe.write.Reset();
  loop->Turn(1000ms);
  EXPECT_TRUE(counter.last.hangup);
  loop->Forget(pipe.read.get(), counter);
}

TEST(Loop, AHandlerThatWasForgottenWithinATurnIsNotCalled) {
  const auto loop = *Loop::Make();
  Pipe one;
  Pipe two;
  Counter first;
  Counter second;
  ASSERT_TRUE(loop->Watch(one.read.get(), first));
  ASSERT_TRUE(loop->Watch(two.read.get(), second));
  first.then = [&] { loop->Forget(two.read.get(), second); };
  second.then = [&] { loop->Forget(one.read.get(), first); };
  ASSERT_TRUE(os::WriteAll(one.write.get(), "x"));
  ASSERT_TRUE(os::WriteAll(two.write.get(), "x"));
  loop->Turn(1000ms);
  loop->Turn(1ms);
  EXPECT_EQ(first.calls + second.calls, 1);
}

TEST(Loop, TimersFireInOrderAndMoveBothWays) {
  const auto loop = *Loop::Make();
  std::string order;
  Timer a(*loop, [&] { order += 'a'; });
  Timer b(*loop, [&] { order += 'b'; });
  Timer c(*loop, [&] { order += 'c'; });
  a.Set(5ms);
  b.Set(50ms);
  b.Set(1ms);   // earlier
  a.Set(20ms);  // later
  c.Set(2ms);
  c.Cancel();
  for (int i = 0; i < 100 && order.size() < 2; ++i) loop->Turn(10ms);
  EXPECT_EQ(order, "ba");
  EXPECT_FALSE(a.armed());
}

TEST(Loop, ATimerMayDestroyItself) {
  const auto loop = *Loop::Make();
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(*loop, [&] { timer.reset(); });
  timer->Set(0ms);
  loop->Turn(100ms);
  loop->Turn(1ms);
  EXPECT_EQ(timer, nullptr);
}

TEST(Loop, PostedTasksRunAfterTheHandlersAndDoNotStarveThem) {
  const auto loop = *Loop::Make();
  int ran = 0;
  std::function<void()> again = [&] {
    if (++ran < 3) loop->Post(again);
  };
  loop->Post(again);
  loop->Turn(1000ms);
  EXPECT_EQ(ran, 1);
  loop->Turn(1000ms);
  loop->Turn(1000ms);
  EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace aileron::net
