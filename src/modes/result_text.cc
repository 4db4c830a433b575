#include "modes/result_text.h"

#include <unistd.h>

#include <thread>

#include "base/text.h"
#include "modes/api.h"
#include "modes/limits.h"
#include "modes/terminal.h"
#include "shim/json_text.h"

namespace aileron::modes {

namespace {

constexpr std::string_view kTab = "    ";

// Printable says what is left of a line end or a tab in the middle of a line.
std::string PrintableLines(std::string_view text) {
  std::string lines;
  for (std::string_view line : Split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string_view gap;
    for (const std::string_view piece : Split(line, '\t')) {
      lines += gap;
      lines += Printable(piece);
      gap = kTab;
    }
    lines += '\n';
  }
  lines.pop_back();
  return lines;
}

bool LooksLikeJson(std::string_view body) {
  const std::string_view text = Trim(body);
  return text.starts_with('{') || text.starts_with('[');
}

}  // namespace

Shown ShownAt(int descriptor) { return isatty(descriptor) != 0 ? Shown::kTerminal : Shown::kPipe; }

std::string BodyText(std::string_view body, Shown shown) {
  if (body.empty()) return {};
  std::string text(body);
  if (shown == Shown::kTerminal) {
    if (LooksLikeJson(body)) {
      if (const auto json = shim::ParseJson(body, "the body")) text = Pretty(*json);
    }
    text = PrintableLines(text);
  }
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

Outcome PrintRun(const shim::Run& run, RunShape shape, std::string_view program) {
  const std::string body = shape == RunShape::kJson ? Compact(run.whole) : run.body;
  AILERON_TRY(Print(BodyText(body, ShownAt(STDOUT_FILENO))));
  const int code = shim::ExitCodeOf(run);
  if (code != 0) {
    PrintError(OneLine(shim::ComplaintOf(run)), program);
  } else if (run.truncated()) {
    PrintNote(fmt::format("{}: the first {} of {} are kept", run.operation, Bytes(run.body.size()),
                          Bytes(run.body_size)),
              program);
  }
  return code;
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const std::string_view part : Split(Trim(text), '\n')) {
    const std::string_view words = Trim(part);
    if (!words.empty()) line += fmt::format("{}{}", line.empty() ? "" : " ", words);
  }
  if (line.size() <= limits::line_bytes) return line;
  return fmt::format("{}…", BeginningOf(line, limits::line_bytes));
}

shim::Patience PatienceFor(std::optional<Duration> longest) {
  return {{.uptime = Uptime, .sleep = [](Duration pause) { std::this_thread::sleep_for(pause); }},
          longest};
}

}  // namespace aileron::modes
