// Tested by tests/launch/test_detach.py.

// aileron session attach, logs: a launch that goes on by itself, looked at.
#include <unistd.h>

#include <thread>

#include "base/text.h"
#include "keep/attach.h"
#include "keep/kept.h"
#include "keep/output_log.h"
#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

std::expected<keep::KeptPlaces, Failure> PlacesIn(const Parsed& parsed) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  auto places = keep::PlacesOf(paths, parsed.arguments.at(0));
  if (!places) return std::unexpected(Failure(kExitUsage, std::move(places.error())));
  return *std::move(places);
}

std::unexpected<Failure> NotKept(const Parsed& parsed) {
  return std::unexpected(Failure(Error{
      Code::kNotFound,
      fmt::format("{} is no session that was launched with --detach on this machine, or it ended a "
                  "week ago or more",
                  parsed.arguments.at(0))}));
}

Outcome RunAttach(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const keep::KeptPlaces places, PlacesIn(parsed));
  auto leave = keep::KeySequence::Parse(parsed.Value("--detach-keys", keep::KeySequence::kUsual));
  if (!leave) return std::unexpected(Failure(kExitUsage, std::move(leave.error())));
  auto ended = keep::AttachTo(
      {.socket = places.socket, .input = !parsed.Has("--no-stdin"), .leave = *std::move(leave)});
  if (!ended && ended.error().code == Code::kNotFound) {
    switch (keep::KeepingOf(places)) {
      case keep::Keeping::kEnded:
        PrintNote(fmt::format("it has ended; \"aileron session logs {}\" shows what it printed",
                              parsed.arguments.at(0)));
        return keep::ExitCodeOf(places).value_or(kExitUnavailable);
      case keep::Keeping::kRuns:
      case keep::Keeping::kKilled:
        return std::unexpected(
            Failure(kExitUnavailable,
                    Error{Code::kUnavailable, "its keeper was killed, and the sandbox with it"}));
      case keep::Keeping::kNone:
        return NotKept(parsed);
    }
  }
  if (!ended) return std::unexpected(Failure(kExitUnavailable, std::move(ended.error())));
  if (*ended) return **ended;
  PrintNote(fmt::format("left; \"aileron session attach {}\" comes back", parsed.arguments.at(0)));
  return 0;
}

Outcome RunLogs(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const keep::KeptPlaces places, PlacesIn(parsed));
  std::optional<std::size_t> tail;
  if (parsed.Has("--tail")) {
    tail = ParseInteger<std::size_t>(parsed.Value("--tail"));
    if (!tail) {
      return std::unexpected(
          Failure(kExitUsage, Error{Code::kInvalid, "--tail is a number of lines"}));
    }
  }
  auto reader = keep::OutputReader::Open(places.folder);
  if (!reader && reader.error().code == Code::kNotFound) return NotKept(parsed);
  if (!reader) return std::unexpected(Failure(reader.error()));
  const std::string text = reader->Next();
  AILERON_TRY(Print(tail ? keep::LastLines(text, *tail) : text));
  if (!parsed.Has("--follow")) return 0;
  while (true) {
    // Looked at first: what was printed before the end is then read.
    const bool ended = keep::KeepingOf(places) != keep::Keeping::kRuns;
    AILERON_TRY(Print(reader->Next()));
    if (ended) return 0;
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

Command SessionAttachCommand() {
  return {.name = "attach",
          .summary = "Come to the terminal of a session that was launched with --detach",
          .text =
              "Shows what the agent prints, from a little before, and passes on what you type. "
              "ctrl-p ctrl-q leaves, and the agent goes on. Several may be attached at once. Ends "
              "with the agent's exit code when the agent ends.",
          .flags = {{"--detach-keys", "KEYS", "The keys that leave, such as ctrl-]"},
                    {"--no-stdin", "", "Only look"}},
          .arguments = {{"SESSION", "Its id"}},
          .run = RunAttach};
}

Command SessionLogsCommand() {
  return {
      .name = "logs",
      .summary = "Show what a session that was launched with --detach has printed",
      .text =
          "As it was printed, the last 16 to 32 MiB of it. It is kept for a week after the end.",
      .flags =
          {{.name = "--follow",
            .value = "",
            .summary = "Go on until the agent ends",
            .letter = "-f"},
           {.name = "--tail", .value = "N", .summary = "Only the last N lines", .letter = "-n"}},
      .arguments = {{"SESSION", "Its id"}},
      .run = RunLogs};
}

}  // namespace aileron::modes
