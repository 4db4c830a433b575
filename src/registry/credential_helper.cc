// Tested by src/registry/login_test.cc.

#include "registry/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/text.h"
#include "os/find_program.h"
#include "os/pipe.h"
#include "os/process.h"
#include "registry/limits.h"

namespace aileron::registry {

namespace {

using Clock = std::chrono::steady_clock;

// Its words for it, on standard output (docker-credential-helpers, credentials/error.go).
constexpr std::string_view kNothingKept = "credentials not found in native keychain";

Result<os::Program> FindHelper(const LoginPlaces& places, const std::string& name) {
  os::ProgramSearch search = os::FindProgram(name, places.path, places.projects);
  if (search.found) return *std::move(search.found);
  return Fail(
      Code::kUnavailable,
      "{} is not on the PATH{}, and the login is kept by it. Install it, or log in anew with "
      "\"docker login\" or \"podman login\"",
      name, os::TellLeftOut(search.left_out));
}

// All that it prints, until it closes its end.
Result<Secret> ReadAnswer(const os::Fd& from, const std::string& program) {
  const Clock::time_point deadline = Clock::now() + limits::kHelperWait;
  Secret answer = Secret::OfSize(2 * limits::kLoginMax);
  std::size_t size = 0;
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd watched{from.get(), POLLIN, 0};
    const int ready = poll(&watched, 1, static_cast<int>(std::max<long>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return os::FailErrno("cannot wait for {}", program);
    if (ready == 0) {
      return Fail(Code::kUnavailable, "{} did not end within {}", program,
                  FormatDuration(limits::kHelperWait));
    }
    const auto room = answer.RevealWritable().subspan(size);
    const ssize_t count = read(from.get(), room.data(), room.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FailErrno("cannot read what {} prints", program);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
    if (size == answer.size()) return Fail(Code::kUnavailable, "{} prints too much", program);
  }
  answer.Truncate(size);
  return answer;
}

}  // namespace

Result<Login> AskHelper(const LoginPlaces& places, const std::string& helper,
                        const std::string& name) {
  const std::string program = "docker-credential-" + helper;
  AILERON_ASSIGN(const os::Program found, FindHelper(places, program));
  os::SpawnOptions options{.path = found.path,
                           .argv = {program, "get"},
                           .environment = places.environment,
                           .with_parent = os::WithParent::kDies};
  AILERON_ASSIGN(os::Pipe input, os::MakePipe());
  AILERON_ASSIGN(os::Pipe output, os::MakePipe());
  // It fits in the pipe, so nobody waits.
  AILERON_TRY(os::WriteAll(input.writer.get(), name));
  input.writer.Reset();
  options.descriptors = {{input.reader.get(), 0}, {output.writer.get(), 1}, {STDERR_FILENO, 2}};
  AILERON_ASSIGN(const os::Child child, os::Spawn(options));
  output.writer.Reset();
  const auto answer = ReadAnswer(output.reader, program);
  if (!answer) (void)os::SignalChild(child, SIGKILL);
  AILERON_ASSIGN(const int status, os::WaitFor(child));
  if (!answer) return std::unexpected(answer.error());
  if (status == 0) return ReadHelperAnswer(answer->Reveal(), helper);
  const std::string_view said = Trim(answer->Reveal());
  if (said == kNothingKept) return Fail(Code::kNotFound, "{} keeps no login for {}", program, name);
  // What it printed on its standard output may be anything.
  return Fail(Code::kUnavailable,
              "{} failed with exit code {}. Run \"echo {} | {} get\" to see why", program,
              os::ExitCode(status), name, program);
}

}  // namespace aileron::registry
