// Tested by tests/launch/test_exit_codes.py.

#include "shim/executable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "os/fd.h"
#include "shim/contract.h"

namespace aileron::shim {

namespace {

constexpr std::size_t kLooksAtBytes = 128;
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A shell takes any bytes for a script: only a file without NUL at its beginning is one. errno
// stays. Whoever can change the file must not make this wait: a pipe in its place would.
bool IsText(const std::string& path) {
  const int before = errno;
  const os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  char begin[kLooksAtBytes];
  const ssize_t count = file ? read(file.get(), begin, sizeof begin) : 0;
  errno = before;
  return count <= 0 || memchr(begin, 0, static_cast<std::size_t>(count)) == nullptr;
}

bool IsMissing(int number) { return number == ENOENT || number == ENOTDIR; }

}  // namespace

std::string SearchPath(const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    if (variable.starts_with("PATH=")) return variable.substr(5);
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

Executable::Executable(std::vector<std::string> command, std::vector<std::string> environment)
    : command_(std::move(command)), environment_(std::move(environment)) {
  const std::string& name = command_[0];
  if (name.contains('/')) {
    paths_ = {name};
  } else {
    for (const std::string_view folder : Split(SearchPath(environment_), ':'))
      paths_.push_back(fmt::format("{}/{}", folder.empty() ? "." : folder, name));
  }
  arguments_ = Pointers(command_);
  arguments_.insert(arguments_.begin(), const_cast<char*>("sh"));
  variables_ = Pointers(environment_);
}

int Executable::Attempt(const std::string& path) {
  execve(path.c_str(), arguments_.data() + 1, variables_.data());
  if (errno != ENOEXEC || !IsText(path)) return errno;
  // A script without "#!" is the shell's, as execvp(3) has it.
  char* const name = std::exchange(arguments_[1], const_cast<char*>(path.c_str()));
  execve("/bin/sh", arguments_.data(), variables_.data());
  arguments_[1] = name;
  return errno;
}

int Executable::Exec() {
  int failure = ENOENT;
  for (const std::string& path : paths_) {
    const int number = Attempt(path);
    if (!IsMissing(number) || paths_.size() == 1) failure = number;
  }
  return failure;
}

Error CannotRun(int number, const std::string& program, std::string_view folder,
                const std::vector<std::string>& environment) {
  Error error = os::ErrnoError(number, fmt::format("cannot run \"{}\" in {}", program, folder));
  // A program that is there and has no loader is missing for the kernel, too.
  const bool relative = program.contains('/') && program[0] != '/';
  const sandbox::Capability why =
      CheckProgram(relative ? fmt::format("{}/{}", folder, program) : program, environment);
  if (why.state != sandbox::State::kOk) error.message += ". " + why.detail;
  if (!why.fix.empty()) error.message += ". In an image it is mended with: " + why.fix;
  if (IsMissing(number) && why.fix.empty())
    error.message += ". It must exist inside the sandbox: the host's /home and /tmp are not there";
  return error;
}

int ExitCodeOfExec(int number) { return IsMissing(number) ? kCommandNotFound : kNotExecutable; }

}  // namespace aileron::shim
