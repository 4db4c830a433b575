#include "modes/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

std::string_view Escape(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\033[1m";
    case Style::kDim:
      return "\033[2m";
    case Style::kRed:
      return "\033[31m";
    case Style::kGreen:
      return "\033[32m";
    case Style::kYellow:
      return "\033[33m";
    case Style::kCyan:
      return "\033[36m";
  }
  return "";
}

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// At most `columns` characters of printable text; what was cut ends in an ellipsis.
std::string Cut(std::string_view text, std::size_t columns) {
  if (Columns(text) <= columns) return std::string(text);
  std::size_t end = 0, seen = 0;
  while (end < text.size() && (seen < columns - 1 || Continues(text[end]))) {
    if (!Continues(text[end])) ++seen;
    ++end;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace

Colour ColourOf(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return Colour::kNever;
  const char* term = std::getenv("TERM");
  if (term == nullptr || *term == '\0' || std::string_view(term) == "dumb") return Colour::kNever;
  return isatty(descriptor) != 0 ? Colour::kAlways : Colour::kNever;
}

std::string Paint(Colour colour, Style style, std::string_view text) {
  if (colour == Colour::kNever || style == Style::kPlain || text.empty()) return std::string(text);
  return fmt::format("{}{}\033[0m", Escape(style), text);
}

std::size_t Columns(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if (!Continues(text[i])) ++columns;
  }
  return columns;
}

std::string Pad(std::string_view text, std::size_t columns) {
  std::string padded(text);
  const std::size_t used = Columns(text);
  if (used < columns) padded.append(columns - used, ' ');
  return padded;
}

std::size_t WidthOf(int descriptor) {
  winsize size{};
  if (isatty(descriptor) == 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col == 0 ? 80 : size.ws_col;
}

std::string Wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string wrapped;
  std::size_t column = indent;
  for (const std::string_view word : Split(text, ' ')) {
    const std::size_t columns = Columns(word);
    if (column > indent && column + 1 + columns > width) {
      wrapped += '\n';
      wrapped.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += columns;
  }
  return wrapped;
}

std::string Grid::Text(Colour colour, std::size_t width) const {
  const std::size_t count = titles_.size();
  std::vector<std::size_t> widths(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    widths[i] = Columns(titles_[i]);
    for (const auto& row : rows_) {
      if (i < row.size()) widths[i] = std::max(widths[i], Columns(Printable(row[i].text)));
    }
  }
  std::string text;
  const auto add_row = [&](const std::vector<Cell>& row) {
    std::string line;
    std::size_t used = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      std::string cell = Printable(row[i].text);
      if (last && width > used + 8) cell = Cut(cell, width - used);
      const std::size_t columns = Columns(cell);
      line += Paint(colour, row[i].style, cell);
      if (!last) line.append(widths[i] - std::min(columns, widths[i]) + 2, ' ');
      used += widths[i] + 2;
    }
    text += std::string(Trim(line, " ").empty()
                            ? std::string_view()
                            : std::string_view(line).substr(0, line.find_last_not_of(' ') + 1)) +
            "\n";
  };
  std::vector<Cell> head;
  for (const std::string& title : titles_) head.emplace_back(title, Style::kDim);
  if (std::ranges::any_of(titles_, [](const std::string& title) { return !title.empty(); }))
    add_row(head);
  for (const auto& row : rows_) add_row(row);
  return text;
}

Status Print(std::string_view text) {
  auto written = os::WriteAll(STDOUT_FILENO, text);
  if (!written) return Wrap(std::move(written).error(), "standard output");
  return {};
}

void PrintGrid(const Grid& grid) {
  (void)Print(grid.Text(ColourOf(STDOUT_FILENO), WidthOf(STDOUT_FILENO)));
}

void PrintError(std::string_view message, std::string_view program) {
  std::string safe;
  for (const std::string_view line : Split(Trim(message), '\n')) {
    if (!safe.empty()) safe += "\n" + std::string(program.size() + 2, ' ');
    safe += Printable(line);
  }
  if (!safe.empty() && safe.find_last_of(".!?\"") != safe.size() - 1) safe += '.';
  const Colour colour = ColourOf(STDERR_FILENO);
  (void)os::WriteAll(
      STDERR_FILENO,
      fmt::format("{} {}\n", Paint(colour, Style::kRed, fmt::format("{}:", program)), safe));
}

void PrintNote(std::string_view message, std::string_view program) {
  (void)os::WriteAll(STDERR_FILENO, fmt::format("{}: {}\n", program, Printable(message)));
}

void PrintNotes(std::string_view lines, std::string_view program) {
  for (const std::string_view line : Split(Trim(lines, "\n"), '\n')) PrintNote(line, program);
}

}  // namespace aileron::modes
