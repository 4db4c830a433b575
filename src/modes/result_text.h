// What came of a call, as it is printed: by the tool that made it, and by who comes back for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "modes/command.h"
#include "shim/run.h"
#include "shim/runs.h"

namespace aileron::modes {

// kTerminal: nothing in the text controls it. kPipe: the bytes as they are.
enum class Shown { kTerminal, kPipe };
Shown ShownAt(int descriptor);

// A body with a line end at its end, if it has any text. JSON is indented on a terminal.
std::string BodyText(std::string_view body, Shown shown);

enum class RunShape { kBody, kJson };
// The body to standard output, or the whole run as JSON; what is to be complained of to standard
// error, as `program`. The exit code.
Outcome PrintRun(const shim::Run& run, RunShape shape, std::string_view program);

// A message without line ends, cut at limits::line_bytes.
std::string OneLine(std::string_view text);

// By the clock of this machine.
shim::Patience PatienceFor(std::optional<Duration> longest);

}  // namespace aileron::modes
