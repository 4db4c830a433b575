#include "build/run.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/text.h"
#include "build/limits.h"
#include "os/deaf.h"
#include "os/environment.h"
#include "os/pipe.h"
#include "os/process.h"

namespace aileron::build {
namespace {

class Lines {
 public:
  explicit Lines(const ToolRun& run) : run_(run) {}

  void Take(std::string_view bytes) {
    for (const char c : bytes) {
      // What overwrites its line to show progress is a line, too.
      if (c == '\n' || c == '\r') {
        End();
      } else {
        line_ += c;
        if (line_.size() >= limits::kLineMax) End();
      }
    }
  }
  void End() {
    const std::string shown = Printable(Trim(line_));
    line_.clear();
    if (shown.empty()) return;
    if (run_.show) run_.show(shown);
    last_.push_back(shown);
    if (last_.size() > limits::kLastLines) last_.erase(last_.begin());
  }
  std::vector<std::string> Last() { return std::move(last_); }

 private:
  const ToolRun& run_;
  std::string line_;
  std::vector<std::string> last_;
};

enum class Pipe : unsigned char { kRead, kEmpty, kEnded };
// Some of what is there to read now.
Pipe Read(const os::Fd& pipe, Lines& lines) {
  char bytes[16 << 10];
  const ssize_t count = read(pipe.get(), bytes, sizeof bytes);
  if (count == 0) return Pipe::kEnded;
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Pipe::kEmpty : Pipe::kEnded;
  lines.Take({bytes, static_cast<std::size_t>(count)});
  return Pipe::kRead;
}

}  // namespace

Result<ToolEnd> RunTool(const ToolRun& run) {
  AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
  const os::Fd reading = std::move(pipe.reader);
  os::Fd writing = std::move(pipe.writer);
  (void)fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  const os::Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  os::Fd output;
  if (!run.output.empty()) {
    output = os::Fd(open(run.output.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!output) return os::FailErrno("cannot make {}", run.output);
  }
  os::SpawnOptions options{.path = run.program.empty() ? run.line.front() : run.program,
                           .argv = run.line,
                           .descriptors = {{nothing.get(), 0},
                                           {output ? output.get() : writing.get(), 1},
                                           {writing.get(), 2}},
                           .with_parent = os::WithParent::kDies};
  options.environment = os::Environment();
  // The builder cleans up behind itself; how it ended is then told.
  const os::Deaf deaf;
  AILERON_ASSIGN(const os::Child child, os::Spawn(options));
  writing.Reset();
  Lines lines(run);
  const Duration deadline = Uptime() + run.longest;
  bool late = false;
  // Whoever it left behind may hold the pipe: it is over when the program is.
  for (bool open = true, ended = false; !ended;) {
    pollfd waited[] = {{.fd = child.pidfd.get(), .events = POLLIN},
                       {.fd = open ? reading.get() : -1, .events = POLLIN}};
    if (poll(waited, 2, limits::kPollMilliseconds) < 0 && errno != EINTR) {
      return os::FailErrno("cannot wait for {}", run.line.front());
    }
    ended = (waited[0].revents & POLLIN) != 0;
    if (open) open = Read(reading, lines) != Pipe::kEnded;
    if (!late && Uptime() > deadline) {
      late = true;
      AILERON_TRY(os::SignalChild(child, SIGKILL));
    }
  }
  for (std::size_t i = 0; i < limits::kLastReads && Read(reading, lines) == Pipe::kRead; ++i) {
  }
  lines.End();
  AILERON_ASSIGN(const int status, os::WaitFor(child));
  if (late) {
    return Fail(Code::kUnavailable, "{} was ended: it took longer than {}", run.line.front(),
                FormatDuration(run.longest));
  }
  return ToolEnd{.code = os::ExitCode(status), .last_lines = lines.Last()};
}

}  // namespace aileron::build
