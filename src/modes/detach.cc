// Tested by tests/launch/test_detach.py.

#include "modes/detach.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "keep/keeper.h"
#include "launch/launch.h"
#include "modes/terminal.h"
#include "os/environment.h"
#include "os/pipe.h"
#include "os/process.h"

namespace aileron::modes {

namespace {

constexpr std::string_view kStarted = "started ";
constexpr std::string_view kFailed = "failed ";

// The keeper, with a pipe that it says one thing into.
Result<os::Fd> StartKeeper(const std::vector<std::string>& words, bool terminal) {
  AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
  const os::Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return os::FailErrno("cannot open /dev/null");
  os::SpawnOptions spawn{.path = "/proc/self/exe",
                         .argv = {"aileron", "keeper"},
                         .descriptors = {{nothing.get(), 0},
                                         {nothing.get(), 1},
                                         {nothing.get(), 2},
                                         {pipe.writer.get(), keep::kReadyDescriptor}},
                         .own_session = true};
  if (!terminal) spawn.argv.emplace_back("--no-tty");
  spawn.argv.emplace_back("--");
  spawn.argv.insert(spawn.argv.end(), words.begin(), words.end());
  spawn.environment = os::Environment();
  AILERON_TRY(os::Spawn(spawn));
  return std::move(pipe.reader);
}

std::string ReadAll(const os::Fd& from) {
  std::string text;
  char bytes[4096];
  while (true) {
    const ssize_t count = read(from.get(), bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(bytes, static_cast<std::size_t>(count));
  }
}

}  // namespace

std::expected<std::string, int> LaunchDetached(const std::vector<std::string>& words,
                                               bool terminal) {
  const auto ready = StartKeeper(words, terminal);
  if (!ready) {
    PrintError(ready.error().message);
    return std::unexpected(launch::kSandboxNotStarted);
  }
  const std::string said = ReadAll(*ready);
  if (said.starts_with(kStarted)) return std::string(Trim(said.substr(kStarted.size())));
  if (!said.starts_with(kFailed)) {
    PrintError("the launch ended before its agent ran, and said nothing");
    return std::unexpected(launch::kSandboxNotStarted);
  }
  const std::size_t line = std::min(said.find('\n'), said.size());
  const auto code = ParseInteger<int>(said.substr(kFailed.size(), line - kFailed.size()));
  // What the launch printed, on its own terminal.
  (void)os::WriteAll(STDERR_FILENO, std::string_view(said).substr(std::min(line + 1, said.size())));
  return std::unexpected(code && *code != 0 ? *code : launch::kSandboxNotStarted);
}

}  // namespace aileron::modes
