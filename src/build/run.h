// RunTool: a program that works for minutes, what it prints shown line by line, its last lines kept
// for whoever asks why it failed.
//
// It has this process's environment, and ends with it. Its lines are a stranger's: they are made
// safe to show.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace aileron::build {

struct ToolRun {
  std::vector<std::string> line;  // how the program is called, and its words
  std::string program = {};       // absolute; empty: what it is called
  Duration longest{};
  std::string output;  // a file that is made for its standard output; empty: lines as well
  // Each line of standard output and error, in their order. Nothing: nobody is shown them.
  std::function<void(std::string_view line)> show;
};

struct ToolEnd {
  int code = 0;                         // as a shell has it
  std::vector<std::string> last_lines;  // of those that were printed
};

// kUnavailable when it cannot be started, or takes longer than it may: then it is ended.
Result<ToolEnd> RunTool(const ToolRun& run);

}  // namespace aileron::build
