#include "os/call_filter.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>

// The sanitizers make calls of their own.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace aileron::os {
namespace {

// The wait status of a child that may do little, runs `action` and exits with what it returns.
int Filtered(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    constexpr int allowed[] = {SCMP_SYS(exit_group),     SCMP_SYS(exit),
                               SCMP_SYS(gettid),         SCMP_SYS(getpid),
                               SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction)};
    constexpr int refused[] = {SCMP_SYS(access)};
    CallFilter filter;
    filter.Allow(allowed);
    filter.Refuse(refused);
    filter.Allow(SCMP_SYS(dup), {ArgumentIs(0, 7)});
    filter.Allow(SCMP_SYS(dup), {ArgumentIs(0, 8)});
    filter.AllowMemoryAndAbort();
    if (!filter.Load("the test's")) _exit(99);
    _exit(action());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

int KilledBy(const std::function<int()>& action) {
  const int status = Filtered(action);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void* Map(int protection) {
  return mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

TEST(CallFilter, ACallHasTheNameThatOthersKnow) {
  EXPECT_EQ(NameOfCall(SCMP_SYS(mount)), "mount");
  EXPECT_EQ(NameOfCall(100'000), "");
}

TEST(CallFilter, WhatIsListedPassesAndTheRestKills) {
  EXPECT_EQ(Filtered([] { return getpid() > 0 ? 0 : 1; }), 0);
  EXPECT_EQ(KilledBy([] { return static_cast<int>(getuid()); }), SIGSYS);
}

TEST(CallFilter, WhatIsRefusedFails) {
  EXPECT_EQ(Filtered([] { return access("/", F_OK) < 0 && errno == EACCES ? 0 : 1; }), 0);
}

TEST(CallFilter, EachConditionOfACallIsEnough) {
  EXPECT_EQ(Filtered([] { return dup(7) < 0 && dup(8) < 0 && errno == EBADF ? 0 : 1; }), 0);
  EXPECT_EQ(KilledBy([] { return dup(9); }), SIGSYS);
}

TEST(CallFilter, MemoryIsNeverExecutableAndAbortWorks) {
  EXPECT_EQ(Filtered([] { return Map(PROT_READ | PROT_WRITE) != MAP_FAILED ? 0 : 1; }), 0);
  EXPECT_EQ(KilledBy([] { return Map(PROT_READ | PROT_EXEC) == MAP_FAILED; }), SIGSYS);
  EXPECT_EQ(KilledBy([] {
              std::abort();
              return 0;
            }),
            SIGABRT);
}

}  // namespace
}  // namespace aileron::os

#endif
