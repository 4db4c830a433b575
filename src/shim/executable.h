// Executable: a command that is found and run as a shell would: by PATH, and scripts without "#!"
// by sh. All memory is taken beforehand, since the process that becomes it borrows its parent's.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace aileron::shim {

// PATH of the NAME=VALUE, or what a shell takes without one.
std::string SearchPath(const std::vector<std::string>& environment);

class Executable {
 public:
  // `command` is not empty. `environment` is NAME=VALUE; its PATH counts.
  Executable(std::vector<std::string> command, std::vector<std::string> environment);
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  // In the process that is to become it. The errno of the exec that failed most tellingly:
  // permission before absence.
  int Exec();

 private:
  int Attempt(const std::string& path);

  std::vector<std::string> command_;
  std::vector<std::string> environment_;
  std::vector<std::string> paths_;
  std::vector<char*> arguments_;  // "sh", then those of the command
  std::vector<char*> variables_;
};

// Of an Exec that failed with `number` in `folder`: what to say.
Error CannotRun(int number, const std::string& program, std::string_view folder,
                const std::vector<std::string>& environment);
inline constexpr int kNotExecutable = 126;
inline constexpr int kCommandNotFound = 127;
// The exit code for it, as a shell has it.
int ExitCodeOfExec(int number);

}  // namespace aileron::shim
