#include "modes/capture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "os/fd.h"
#include "os/pipe.h"
#include "os/process.h"

namespace aileron::modes {

namespace {

using Clock = std::chrono::steady_clock;

// Reads once into `text`, and closes the pipe at its end.
void Drain(os::Fd& from, std::string& text, std::size_t limit) {
  char chunk[16384];
  const ssize_t count = read(from.get(), chunk, sizeof chunk);
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) {
    from.Reset();
    return;
  }
  const std::size_t room = limit - std::min(limit, text.size());
  text.append(chunk, std::min(room, static_cast<std::size_t>(count)));
}

// Until both pipes have ended.
Status Collect(const CaptureOptions& options, Clock::time_point deadline, os::Pipe& output,
               os::Pipe& errors, Captured& into) {
  while (output.reader || errors.reader) {
    std::array<pollfd, 3> watched = {pollfd{output.reader.get(), POLLIN, 0},
                                     pollfd{errors.reader.get(), POLLIN, 0},
                                     pollfd{options.interrupt, POLLIN, 0}};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const int ready =
        poll(watched.data(), watched.size(), static_cast<int>(std::max<long>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return os::FailErrno("cannot wait for {}", options.program);
    if (ready == 0)
      return Fail(Code::kUnavailable, "it did not end within {}", FormatDuration(options.deadline));
    if (watched[2].revents != 0) return Fail(Code::kDenied, "interrupted");
    if (watched[0].revents != 0) Drain(output.reader, into.output, options.output_limit);
    if (watched[1].revents != 0) Drain(errors.reader, into.errors, options.output_limit);
  }
  return {};
}

}  // namespace

Result<Captured> RunCaptured(const CaptureOptions& options) {
  const Clock::time_point begin = Clock::now();
  AILERON_ASSIGN(os::Pipe output, os::MakePipe());
  AILERON_ASSIGN(os::Pipe errors, os::MakePipe());
  const os::Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return os::FailErrno("cannot open /dev/null");
  os::SpawnOptions spawn;
  spawn.path = options.program;
  spawn.argv = options.argv;
  spawn.environment = options.environment;
  spawn.descriptors = {{nothing.get(), 0}, {output.writer.get(), 1}, {errors.writer.get(), 2}};
  spawn.with_parent = os::WithParent::kDies;
  AILERON_ASSIGN(const os::Child child, os::Spawn(spawn));
  output.writer.Reset();
  errors.writer.Reset();
  Captured captured;
  const Status collected = Collect(options, begin + options.deadline, output, errors, captured);
  if (!collected) (void)os::SignalChild(child, SIGKILL);
  AILERON_ASSIGN(const int status, os::WaitFor(child));
  if (!collected) return std::unexpected(collected.error());
  captured.exit_code = os::ExitCode(status);
  captured.took = std::chrono::duration_cast<Duration>(Clock::now() - begin);
  return captured;
}

}  // namespace aileron::modes
