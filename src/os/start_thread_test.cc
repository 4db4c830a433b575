#include "os/start_thread.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aileron::os {
namespace {

TEST(StartThread, RunsWhatItIsGiven) {
  int done = 0;
  auto thread = StartThread([&] { done = 7; });
  ASSERT_TRUE(thread);
  thread->join();
  EXPECT_EQ(done, 7);
}

TEST(StartThread, SaysThatThereAreTooMany) {
  // In a process of its own, of a user who may have none: root is not counted.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(2);
    if (getuid() == 0 && (setgid(64'003) != 0 || setuid(64'003) != 0)) _exit(3);
    const auto thread = StartThread([] {});
    _exit(!thread && thread.error().code == Code::kUnavailable ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace aileron::os
