#include "os/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

namespace aileron::os {
namespace {

struct Output {
  int code;
  std::string text;
};

Output Shell(const std::string& script, SpawnOptions options = {}) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  Fd reader(ends[0]), writer(ends[1]);
  options.path = "/bin/sh";
  options.argv = {"sh", "-c", script};
  options.descriptors.emplace_back(writer.get(), 1);
  const auto child = Spawn(options);
  EXPECT_TRUE(child);
  writer.Reset();
  std::string text;
  char bytes[4096];
  for (ssize_t count; (count = read(reader.get(), bytes, sizeof bytes)) > 0;) {
    text.append(bytes, static_cast<std::size_t>(count));
  }
  return {ExitCode(WaitFor(*child).value()), text};
}

TEST(Process, WhetherOneEndsInTimeIsTold) {
  const auto child = Spawn({.path = "/bin/sleep", .argv = {"sleep", "1000"}});
  ASSERT_TRUE(child);
  EXPECT_FALSE(EndsWithin(*child, {}));
  EXPECT_FALSE(EndsWithin(*child, std::chrono::milliseconds(20)));
  ASSERT_TRUE(SignalChild(*child, SIGKILL));
  EXPECT_TRUE(EndsWithin(*child, std::chrono::minutes(1)));
  EXPECT_EQ(ExitCode(WaitFor(*child).value()), 128 + SIGKILL);
}

TEST(StartBorrowing, TellsTheErrnoAndLeavesNoChild) {
  const auto child = StartBorrowing([] { return ENOTDIR; });
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error(), ENOTDIR);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(StartBorrowing, NoHandlerOfOursAndNoBlockedSignalIsLeft) {
  struct sigaction ours{}, before{};
  ours.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGUSR1, &ours, &before), 0);
  sigset_t blocked, mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &mask), 0);
  const auto child = StartBorrowing([] {
    struct sigaction now{};
    sigset_t none;
    sigaction(SIGUSR1, nullptr, &now);
    sigprocmask(SIG_BLOCK, nullptr, &none);
    return now.sa_handler == SIG_DFL && sigismember(&none, SIGUSR2) == 0 ? EXDEV : EINVAL;
  });
  EXPECT_EQ(child.error(), EXDEV);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, &mask, &after);
  EXPECT_EQ(sigismember(&after, SIGUSR2), 1);
  EXPECT_EQ(sigismember(&after, SIGUSR1), 0);
  ASSERT_EQ(sigaction(SIGUSR1, &before, &ours), 0);
#if !__has_feature(thread_sanitizer)  // which keeps handlers in memory, and it is borrowed
  EXPECT_NE(ours.sa_handler, SIG_DFL);
#endif
}

TEST(Spawn, GivesNoEnvironmentAndNoDescriptorThatIsNotNamed) {
  const Fd stranger(
      open("/etc/passwd", O_RDONLY));  // not close-on-exec, as a caller may have left it
  ASSERT_TRUE(stranger);
  SpawnOptions options;
  options.environment = {"ONLY=this"};
  const Output output =
      Shell("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL=; ls /proc/self/fd | wc -l", options);
  EXPECT_EQ(output.text, "ONLY=this\n4\n");  // 0, 1, 2, and ls's own
}

TEST(Spawn, SwapsDescriptors) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Fd reader(ends[0]), writer(ends[1]);
  ASSERT_TRUE(WriteAll(writer.get(), "swapped\n"));
  SpawnOptions options;
  // Each one's target is the other's number.
  options.descriptors = {{reader.get(), writer.get()}, {writer.get(), reader.get()}};
  EXPECT_EQ(Shell(fmt::format("head -n1 <&{}", writer.get()), options).text, "swapped\n");
}

TEST(Spawn, TellsWhatFailedBeforeExec) {
  SpawnOptions options;
  options.path = "/no/such/program";
  options.argv = {"x"};
  const auto child = Spawn(options);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, Code::kNotFound);
}

TEST(Spawn, ReportsCodesAndSignalsAsAShellDoes) {
  EXPECT_EQ(Shell("exit 7").code, 7);
  EXPECT_EQ(Shell("kill -TERM $$").code, 128 + SIGTERM);
}

TEST(SignalChild, ReachesTheChild) {
  SpawnOptions options;
  options.path = "/bin/sleep";
  options.argv = {"sleep", "100"};
  const auto child = Spawn(options);
  ASSERT_TRUE(child);
  ASSERT_TRUE(SignalChild(*child, SIGKILL));
  EXPECT_EQ(ExitCode(WaitFor(*child).value()), 128 + SIGKILL);
}

TEST(Process, APidfdTellsItsNumberWhileThereIsAProcess) {
  const auto child = Spawn({.path = "/bin/true", .argv = {"true"}});
  ASSERT_TRUE(child);
  EXPECT_EQ(PidOf(child->pidfd).value(), child->pid);
  ASSERT_TRUE(WaitFor(*child));
  EXPECT_EQ(PidOf(child->pidfd).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace aileron::os
