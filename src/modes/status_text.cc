// Tested by tests/launch/test_cli.py.

#include "modes/status_text.h"

#include "base/text.h"

namespace aileron::modes {

namespace {

std::string Line(Colour colour, std::string_view name, std::string_view value) {
  return fmt::format("{}  {}\n", Paint(colour, Style::kDim, Pad(name, 9)), value);
}

std::string PaintedState(Colour colour, const std::string& state) {
  const Style style = state == "unlocked" ? Style::kGreen
                      : state == "absent" ? Style::kDim
                                          : Style::kYellow;
  return Paint(colour, style, Printable(state));
}

std::string Seconds(std::uint64_t seconds) { return FormatDuration(std::chrono::seconds(seconds)); }

}  // namespace

std::string DaemonStatusText(const Json& status, Colour colour) {
  if (TextOf(status, "running") == "false") {
    return Line(colour, "daemon",
                Paint(colour, Style::kDim, "not running") + "  (it starts when it is needed)");
  }
  std::string text =
      Line(colour, "daemon",
           fmt::format("{}  version {}, process {}, up {}", Paint(colour, Style::kGreen, "running"),
                       Printable(TextOf(status, "version")), NumberOf(status, "pid"),
                       Seconds(NumberOf(status, "uptime_s"))));
  if (const std::uint64_t memory = NumberOf(status, "rss_bytes"); memory != 0) {
    text += Line(colour, "memory", Bytes(memory));
  }
  if (const std::uint64_t idle = NumberOf(status, "idle_timeout_s"); idle != 0) {
    text += Line(colour, "idle stop", fmt::format("after {}", Seconds(idle)));
  }
  const std::uint64_t sessions = NumberOf(status, "sessions");
  text += Line(colour, "sessions", sessions == 0 ? "none" : fmt::format("{} running", sessions));
  if (TextOf(status, "draining") == "true") {
    text += Line(colour, "draining",
                 fmt::format("{} operations run, then it stops", NumberOf(status, "operations")));
  }
  const auto vault = status.find("vault");
  if (vault != status.end())
    text += Line(colour, "vault", PaintedState(colour, TextOf(*vault, "state")));
  for (const Json& problem : ListOf(status, "problems")) {
    text +=
        Line(colour, "problem", Paint(colour, Style::kRed, Printable(TextOf(problem, "detail"))));
  }
  return text;
}

std::string VaultStatusText(const Json& vault, Colour colour) {
  const std::string state = TextOf(vault, "state");
  std::string text = Line(colour, "vault", PaintedState(colour, state));
  if (state == "absent") return text + "Make one with \"aileron vault init\".\n";
  text += Line(colour, "entries", TextOf(vault, "entries"));
  if (const std::uint64_t lock = NumberOf(vault, "auto_lock_s"); lock != 0) {
    text += Line(colour, "auto-lock", fmt::format("after {}", Seconds(lock)));
  }
  if (const std::string at = LocalTime(vault, "locks_at"); !at.empty())
    text += Line(colour, "locks at", at);
  return text;
}

}  // namespace aileron::modes
