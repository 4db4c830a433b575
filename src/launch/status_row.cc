#include "launch/status_row.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace aileron::launch {

namespace {

constexpr std::size_t kIdShown = 6;      // of a session, from its end
constexpr std::size_t kTitleLeast = 10;  // columns; a shorter title says nothing
constexpr std::string_view kWayOut = " — aileron approvals";

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t ColumnsOf(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) {
    if (!Continues(c)) columns += static_cast<unsigned char>(c) < 0x80 ? 1 : 2;
  }
  return columns;
}

}  // namespace

std::string Fitted(std::string_view text, std::size_t columns) {
  constexpr std::string_view kEllipsis = "…";
  if (ColumnsOf(text) <= columns) return std::string(text);
  if (columns < ColumnsOf(kEllipsis)) return "";
  std::size_t left = columns - ColumnsOf(kEllipsis);
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t next = end + 1;
    while (next < text.size() && Continues(text[next])) ++next;
    const std::size_t width = ColumnsOf(text.substr(end, next - end));
    if (width > left) break;
    left -= width;
    end = next;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string StatusRow(std::string_view session, std::size_t waiting, std::string_view oldest,
                      std::size_t columns) {
  const std::string_view id = session.substr(session.size() - std::min(session.size(), kIdShown));
  const std::string who = fmt::format("aileron · {} · ", Printable(id));
  if (waiting == 0) return "\033[2m" + Fitted(who + "nothing waits", columns);
  const std::string what = fmt::format(
      "{}{}", who,
      waiting == 1 ? std::string("1 question waits") : fmt::format("{} questions wait", waiting));
  const std::size_t used = ColumnsOf(what) + ColumnsOf(kWayOut) + ColumnsOf(": ");
  const std::string title = columns < used + kTitleLeast
                                ? std::string()
                                : ": " + Fitted(Printable(oldest), columns - used);
  return "\033[7m" + Fitted(what + title + std::string(kWayOut), columns);
}

}  // namespace aileron::launch
