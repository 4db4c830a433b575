// Runs /bin/true COUNT times, one after the other, and prints how long each took: from before the
// fork to after the wait.
//
//   spawn COUNT free|pinned        pinned: this process and what it starts stay on one processor
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

extern char** environ;

namespace {

double Once() {
  static char name[] = "/bin/true";
  char* const argv[] = {name, nullptr};
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = vfork();
  if (child == 0) {
    execve(name, argv, environ);
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    std::fprintf(stderr, "spawn: a command failed with status %d\n", status);
    std::exit(1);
  }
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
      .count();
}

void Pin() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  if (std::string_view(argv[2]) == "pinned") Pin();
  const int count = std::atoi(argv[1]);
  for (int i = 0; i < 20; ++i) Once();
  std::vector<double> took;
  for (int i = 0; i < count; ++i) took.push_back(Once());
  std::sort(took.begin(), took.end());
  std::printf("{\"median_us\":%.2f,\"p90_us\":%.2f,\"p99_us\":%.2f}\n", took[took.size() / 2],
              took[took.size() * 9 / 10], took[took.size() * 99 / 100]);
}
