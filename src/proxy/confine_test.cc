#include "proxy/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace aileron::proxy {
namespace {

// The wait status of a confined child that runs `action` and exits with what it returns.
int Confined(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    if (!HardenWorker() || !Confine()) _exit(99);
    _exit(action());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

bool Killed(const std::function<int()>& action) {
  const int status = Confined(action);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

TEST(Confine, SocketsMemoryAndTimeStillWork) {
  EXPECT_EQ(Confined([] {
              const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
              void* memory = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return socket >= 0 && memory != MAP_FAILED && time(nullptr) > 0 ? 0 : 1;
            }),
            0);
}

TEST(Confine, NoFileIsOpened) {
  EXPECT_EQ(Confined([] { return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1; }),
            0);
}

TEST(Confine, NoProgramProcessSignalOrOtherSocketIsPossible) {
  EXPECT_TRUE(Killed([] { return execl("/bin/true", "true", nullptr); }));
  EXPECT_TRUE(Killed([] { return fork() < 0 ? 1 : 0; }));
  EXPECT_TRUE(Killed([] { return kill(getppid(), 0); }));
  EXPECT_TRUE(Killed([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }));
  EXPECT_TRUE(Killed([] { return ::socket(AF_NETLINK, SOCK_RAW, 0); }));
}

TEST(Confine, NoMemoryBecomesExecutable) {
  EXPECT_TRUE(Killed([] {
    void* memory = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? 1 : 0;
  }));
}

}  // namespace
}  // namespace aileron::proxy

#endif
