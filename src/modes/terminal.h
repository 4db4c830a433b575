// Terminal: how text looks. Colour only where a person sees it, and only if they want it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::modes {

enum class Colour { kNever, kAlways };
// kAlways when `descriptor` is a terminal, NO_COLOR is empty or not set, and TERM is not "dumb".
Colour ColourOf(int descriptor);

enum class Style { kPlain, kBold, kDim, kRed, kGreen, kYellow, kCyan };
std::string Paint(Colour colour, Style style, std::string_view text);

// How many columns a terminal shows `text` in: its characters, without escape sequences.
std::size_t Columns(std::string_view text);
// Padded with blanks to `columns`.
std::string Pad(std::string_view text, std::size_t columns);
// The width of the terminal at `descriptor`, or 0 when it is none.
std::size_t WidthOf(int descriptor);
// Lines of at most `width` columns, broken at blanks; each but the first begins with `indent`
// blanks.
std::string Wrapped(std::string_view text, std::size_t width, std::size_t indent);

// Rows of cells, printed in columns. Cells are made printable; the last column is cut at the width
// of a terminal, nothing is cut in a pipe.
class Grid {
 public:
  explicit Grid(std::vector<std::string> titles) : titles_(std::move(titles)) {}
  struct Cell {
    Cell(std::string words, Style look = Style::kPlain)
        : text(std::move(words)), style(look) {}  // NOLINT
    Cell(const char* words) : text(words) {}      // NOLINT(google-explicit-constructor)
    std::string text;
    Style style = Style::kPlain;
  };
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  // `width` 0: no bound.
  std::string Text(Colour colour, std::size_t width) const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<Cell>> rows_;
};

// To standard output. Whoever reads it may leave early: SIGPIPE ends us then, as it does others.
Status Print(std::string_view text);
void PrintGrid(const Grid& grid);
// "aileron: what failed: why. Way out." to standard error; `program` is the tool's name where a
// tool speaks.
void PrintError(std::string_view message, std::string_view program = "aileron");
void PrintNote(std::string_view message, std::string_view program = "aileron");
// One a line. What a stranger said in it is printable already: a line end is ours.
void PrintNotes(std::string_view lines, std::string_view program = "aileron");

}  // namespace aileron::modes
