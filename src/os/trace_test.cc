#include "os/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace aileron::os {
namespace {

using Kind = Stop::Kind;

// The next stop of any traced process, which comes soon.
Stop Await() {
  for (int i = 0; i < 10'000; ++i) {
    if (const auto stop = NextStop()) return *stop;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ADD_FAILURE() << "nothing stopped";
  return {Kind::kEnded, 0};
}

// A child that executes `path` once it is seized.
class Child {
 public:
  explicit Child(const char* path) {
    EXPECT_EQ(pipe(go_.data()), 0);
    pid_ = fork();
    if (pid_ == 0) {
      char byte;
      if (read(go_[0], &byte, 1) != 1) _exit(99);
      execl(path, path, "-c", "exit 3", nullptr);
      _exit(55);
    }
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, __WALL);
    close(go_[0]);
    close(go_[1]);
  }
  void Go() const { EXPECT_EQ(write(go_[1], "x", 1), 1); }
  pid_t pid() const { return pid_; }
  int Code() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
  std::array<int, 2> go_;
};

TEST(Trace, AProgramStandsBeforeItsFirstInstructionAndGoesOn) {
  const Child child("/bin/sh");
  ASSERT_TRUE(Seize(child.pid()));
  EXPECT_FALSE(NextStop());
  child.Go();
  const Stop stop = Await();
  EXPECT_EQ(stop.kind, Kind::kExecuted);
  EXPECT_EQ(stop.pid, child.pid());
  EXPECT_EQ(ThreadBefore(child.pid()), child.pid());
  const auto stack = StackOf(child.pid());
  ASSERT_TRUE(stack);
  std::uint64_t count = 0;
  ASSERT_TRUE(ReadMemory(child.pid(), *stack, {reinterpret_cast<char*>(&count), sizeof count}));
  EXPECT_EQ(count, 3u);
  EXPECT_FALSE(ReadMemory(child.pid(), 8, {reinterpret_cast<char*>(&count), sizeof count}));
  EXPECT_TRUE(LetGo(child.pid()));
  EXPECT_EQ(child.Code(), 3);
}

TEST(Trace, AnotherProgramRunsInItsPlaceAndStopsAsWell) {
  const Child child("/bin/sh");
  ASSERT_TRUE(Seize(child.pid()));
  child.Go();
  ASSERT_EQ(Await().kind, Kind::kExecuted);
  ASSERT_TRUE(Replace(child.pid(), *StackOf(child.pid()),
                      {.path = "/bin/sh", .argv = {"sh", "-c", "exit 42"}}));
  ASSERT_TRUE(GoOn(child.pid()));
  ASSERT_EQ(Await().kind, Kind::kExecuted);
  ASSERT_TRUE(LetGo(child.pid()));
  EXPECT_EQ(child.Code(), 42);
}

TEST(Trace, AReplacementThatCannotRunEndsTheProcess) {
  const Child child("/bin/sh");
  ASSERT_TRUE(Seize(child.pid()));
  child.Go();
  ASSERT_EQ(Await().kind, Kind::kExecuted);
  ASSERT_TRUE(Replace(child.pid(), *StackOf(child.pid()), {.path = "/none", .argv = {"none"}}));
  ASSERT_TRUE(LetGo(child.pid()));
  EXPECT_EQ(child.Code(), 128 + SIGILL);
  EXPECT_FALSE(Replace(child.pid(), 0, {.path = "/bin/sh", .argv = {"sh"}}));
}

TEST(Trace, ACallThatFailsIsSeenWhenItIsInterrupted) {
  const Child child("/none");
  ASSERT_TRUE(Seize(child.pid()));
  Interrupt(child.pid());
  const Stop stop = Await();
  EXPECT_EQ(stop.kind, Kind::kOther);
  ASSERT_TRUE(LetGo(child.pid()));
  child.Go();
  EXPECT_EQ(child.Code(), 55);
}

TEST(Trace, ASignalIsPassedOnAndAnEndIsTold) {
  const Child child("/bin/sh");
  ASSERT_TRUE(Seize(child.pid()));
  kill(child.pid(), SIGTERM);
  const Stop stop = Await();
  EXPECT_EQ(stop.kind, Kind::kSignal);
  EXPECT_EQ(stop.signal, SIGTERM);
  ASSERT_TRUE(GoOn(child.pid(), stop.signal));
  EXPECT_EQ(Await().kind, Kind::kEnded);
}

TEST(Trace, NobodyIsTracedTwice) {
  const Child child("/bin/sh");
  ASSERT_TRUE(Seize(child.pid()));
  EXPECT_EQ(Seize(child.pid()).error().code, Code::kDenied);
}

}  // namespace
}  // namespace aileron::os
