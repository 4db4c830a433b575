// Tested by tests/launch/test_exec.py.

// aileron exec, aileron session exec: a command of a person's in a sandbox that runs.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/text.h"
#include "modes/api.h"
#include "modes/exec_streams.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/pty.h"
#include "os/socket.h"

namespace aileron::modes {

namespace {

constexpr int kExitKilled = 137;  // with the session, as docker has it

std::unexpected<Failure> Misused(std::string message) {
  return std::unexpected(Failure(kExitUsage, {Code::kInvalid, std::move(message)}));
}

// A terminal where both the person's input and output are one, as ssh(1) has it.
unsigned TerminalsOf(const Parsed& parsed) {
  if (parsed.Has("--no-tty")) return 0;
  const bool person = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  if (!person && !parsed.Has("--tty")) return 0;
  unsigned terminals = parsed.Has("--tty") ? 1u << STDOUT_FILENO | 1u << STDERR_FILENO : 0;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(stream) != 0) terminals |= 1u << stream;
  }
  return terminals;
}

// NAME=VALUE of each; NAME passes this process's on, if it has one.
std::expected<std::vector<std::string>, Failure> VariablesOf(const Parsed& parsed,
                                                             unsigned terminals) {
  std::vector<std::string> variables;
  const char* terminal = getenv("TERM");
  if (terminals != 0 && terminal != nullptr && *terminal != '\0')
    variables.push_back(fmt::format("TERM={}", terminal));
  for (const std::string& entry : parsed.Values("--env")) {
    if (entry.empty() || entry.starts_with('=')) {
      return Misused(fmt::format(
          "--env: \"{}\" is not a variable; write it as NAME=VALUE, or NAME to pass yours on",
          Printable(entry)));
    }
    if (entry.contains('=')) {
      variables.push_back(entry);
    } else if (const char* value = getenv(entry.c_str()); value != nullptr) {
      variables.push_back(fmt::format("{}={}", entry, value));
    }
  }
  return variables;
}

// JSON holds no other bytes, and another command than was typed must not run.
std::expected<void, Failure> CheckText(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (IsUtf8(text)) continue;
    return Misused(fmt::format("\"{}\" is not UTF-8, and cannot be passed on", Printable(text)));
  }
  return {};
}

Outcome RunExec(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  const std::vector<std::string> command(parsed.arguments.begin() + 1, parsed.arguments.end());
  if (command.empty()) return Misused("there is no command: aileron exec SESSION -- COMMAND");
  if (parsed.Has("--tty") && parsed.Has("--no-tty"))
    return Misused("--tty and --no-tty contradict each other");
  if (parsed.Has("--interactive") && parsed.Has("--no-stdin"))
    return Misused("--interactive and --no-stdin contradict each other");
  const std::string workdir = parsed.Value("--workdir");
  if (!workdir.empty() && !workdir.starts_with('/'))
    return Misused("--workdir: name an absolute path, as it is in the sandbox");
  const ExecStreams streams{.terminals = TerminalsOf(parsed), .input = !parsed.Has("--no-stdin")};
  AILERON_ASSIGN(const std::vector<std::string> variables, VariablesOf(parsed, streams.terminals));
  AILERON_TRY(CheckText(command));
  AILERON_TRY(CheckText(variables));
  AILERON_TRY(CheckText({workdir}));

  const os::WindowSize size = os::WindowSizeOf(STDOUT_FILENO);
  const Json body = {{"command", command},     {"environment", variables},
                     {"workdir", workdir},     {"terminals", streams.terminals},
                     {"input", streams.input}, {"rows", size.ws_row},
                     {"columns", size.ws_col}};
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(auto ends, os::SocketPair(SOCK_SEQPACKET));
  const std::array descriptors = {ends.second.get()};
  const std::string path =
      fmt::format("/v1/sessions/{}/exec", PercentEncode(parsed.arguments.at(0)));
  AILERON_TRY(client.Call(
      {.method = "POST", .path = path, .body = body.dump(), .descriptors = descriptors}));
  ends.second.Reset();

  const auto ended = JoinExec(ends.first, streams);
  if (!ended && ended.error().code == Code::kUnavailable)
    return std::unexpected(Failure(kExitKilled, ended.error()));
  if (!ended) return std::unexpected(Failure(ended.error()));
  if (!ended->error.empty()) PrintError(Printable(ended->error));
  return ended->code;
}

Command ExecCommand() {
  return {
      .text =
          "Runs COMMAND behind the walls of a session that runs, beside its agent: with the "
          "agent's user, environment and folder, and under the same rules about network and "
          "commands. It ends with its session, and when this ends. The exit code is the "
          "command's own; 126 and 127 where it cannot be run, 137 where the session ended "
          "first.\n\n"
          "From a terminal it gets one of its own; in a pipe, bytes pass as they are. What the "
          "agent can do to its own programs it can do to this one: read what is typed, or "
          "change what is printed. Do not type secrets. Each run is recorded, with its exit "
          "code.",
      .flags = {{.name = "--env",
                 .value = "NAME[=VALUE]",
                 .summary = "Set a variable, or pass yours on",
                 .repeat = Repeat::kMany,
                 .letter = "-e"},
                {.name = "--workdir",
                 .value = "FOLDER",
                 .summary = "Where to run it; the agent's folder if not given",
                 .letter = "-w"},
                {.name = "--interactive",
                 .value = "",
                 .summary = "Pass standard input on, as is done anyway",
                 .letter = "-i"},
                {.name = "--tty",
                 .value = "",
                 .summary = "Print to a terminal in any case",
                 .letter = "-t"},
                {.name = "--no-tty", .value = "", .summary = "Use pipes", .letter = "-T"},
                {"--no-stdin", "", "Give it an empty standard input"}},
      .arguments = {{"SESSION", "The session's id, as \"aileron session list\" shows it"},
                    {"COMMAND",
                     "What to run, with its own arguments",
                     Arity::kRest,
                     {},
                     Completes::kCommand}},
      .examples = {{"aileron exec 01KB0S5C8T3V9PAHD0QW6KFZ3M -- sh", "A shell beside the agent"},
                   {"tar c src | aileron exec 01KB0S5C8T3V9PAHD0QW6KFZ3M -- tar t",
                    "Bytes in, text out"}},
      .run = RunExec};
}

}  // namespace

Command ExecVerb() { return ExecCommand(); }

Command SessionExecCommand() {
  Command command = ExecCommand();
  command.name = "exec";
  command.summary = "Run a command beside the agent: the same as \"aileron exec\"";
  command.examples = {};
  return command;
}

}  // namespace aileron::modes
