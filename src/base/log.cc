#include "base/log.h"

#include <unistd.h>

#include "base/text.h"
#include "base/time.h"

namespace aileron {

namespace {

struct Sink {
  int descriptor = 2;
  std::string name = "aileron";
  LogLevel least = LogLevel::kInfo;
};

// The one global that a process has: every line of it goes to one place.
Sink& TheSink() {
  static Sink sink;
  return sink;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

}  // namespace

void LogTo(int descriptor, std::string_view name, LogLevel least) {
  TheSink() = {descriptor, std::string(name), least};
}

bool LogEnabled(LogLevel level) { return level >= TheSink().least; }

void LogLine(LogLevel level, std::string_view text) {
  const Sink& sink = TheSink();
  // One write a line, so that processes that share a file do not mix theirs. A log that cannot be
  // written must not stop the work it reports on.
  const std::string line = fmt::format("{} {}[{}] {}: {}\n", FormatTime(Now()), sink.name, getpid(),
                                       LevelName(level), Printable(text));
  [[maybe_unused]] const auto written = write(sink.descriptor, line.data(), line.size());
}

}  // namespace aileron
