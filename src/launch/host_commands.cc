#include "launch/host_commands.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/environment.h"
#include "os/process.h"

namespace aileron::launch {

namespace {

// By a shell, which looks for the program as the person's own would.
std::vector<std::string> ByShell(const std::vector<std::string>& command) {
  std::vector<std::string> argv = {"sh", "-c", "exec \"$@\"", "sh"};
  argv.insert(argv.end(), command.begin(), command.end());
  return argv;
}

}  // namespace

Status RunOnHost(const std::vector<std::vector<sandbox::Step>>& groups, const std::string& folder) {
  const os::Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return os::FailErrno("cannot open /dev/null");
  for (const std::vector<sandbox::Step>& group : groups) {
    std::vector<os::Child> children;
    Status ended;
    for (const sandbox::Step& step : group) {
      auto child = os::Spawn({.path = "/bin/sh",
                              .argv = ByShell(step.command),
                              .environment = os::Environment(),
                              .descriptors = {{nothing.get(), STDIN_FILENO},
                                              {STDERR_FILENO, STDOUT_FILENO},
                                              {STDERR_FILENO, STDERR_FILENO}},
                              .folder = folder});
      if (!child) {
        ended = Wrap(child.error(), "{}", step.what);
        break;
      }
      children.push_back(std::move(*child));
    }
    for (std::size_t i = 0; i < children.size(); ++i) {
      const auto status = os::WaitFor(children[i]);
      if (!status) return std::unexpected(status.error());
      if (*status == 0 || !ended) continue;
      ended = Fail(Code::kUnavailable, "{} failed with exit code {}, and so nothing was started",
                   group[i].what, os::ExitCode(*status));
    }
    AILERON_TRY(ended);
  }
  return {};
}

}  // namespace aileron::launch
