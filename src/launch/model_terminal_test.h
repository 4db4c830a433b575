// ModelTerminal: as much of a terminal as is needed to see where text goes. It obeys everything
// that it knows, with the rules of xterm; a character beyond ASCII takes two columns.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "launch/escape_parser.h"

namespace aileron::launch {

class ModelTerminal final : private EscapeParser::Sink {
 public:
  ModelTerminal(int rows, int columns) { Resize(rows, columns); }

  void Write(std::string_view bytes) { parser_.Feed(bytes, *this); }
  // Rows are kept from the top, as xterm does; the scroll region is all of it again.
  void Resize(int rows, int columns) {
    rows_ = rows;
    columns_ = columns;
    for (auto& grid : grids_) {
      grid.resize(static_cast<std::size_t>(rows));
      for (auto& line : grid) line.resize(static_cast<std::size_t>(columns), ' ');
    }
    top_ = 0;
    bottom_ = rows - 1;
    Put(row_, column_);
  }
  // Without blanks at its end; 1 is the first.
  std::string Row(int number) const {
    const std::string& line = grids_[alternate_][static_cast<std::size_t>(number - 1)];
    return line.substr(0, line.find_last_not_of(' ') + 1);
  }
  int row() const { return row_ + 1; }
  int column() const { return column_ + 1; }
  int top() const { return top_ + 1; }
  int bottom() const { return bottom_ + 1; }
  bool alternate() const { return alternate_ == 1; }
  bool wraps() const { return wraps_; }

 private:
  struct Saved {
    int row = 0, column = 0;
    bool pending = false, origin = false;
  };

  std::string& Line(int row) { return grids_[alternate_][static_cast<std::size_t>(row)]; }
  void Put(int row, int column) {
    row_ = std::clamp(row, 0, rows_ - 1);
    column_ = std::clamp(column, 0, columns_ - 1);
    pending_ = false;
  }
  void Clear(int from, int to) {
    for (int row = from; row <= to; ++row)
      Line(row).assign(static_cast<std::size_t>(columns_), ' ');
  }
  void Scroll(int from, int to, int up) {
    for (; up > 0; --up) {
      for (int row = from; row < to; ++row) Line(row) = Line(row + 1);
      Clear(to, to);
    }
    for (; up < 0; ++up) {
      for (int row = to; row > from; --row) Line(row) = Line(row - 1);
      Clear(from, from);
    }
  }
  void Feed() {
    if (row_ == bottom_) {
      Scroll(top_, bottom_, 1);
    } else if (row_ < rows_ - 1) {
      ++row_;
    }
    pending_ = false;
  }
  void Character(char shown) {
    if (pending_ && wraps_) {
      Feed();
      column_ = 0;
    }
    Line(row_)[static_cast<std::size_t>(column_)] = shown;
    pending_ = column_ == columns_ - 1;
    if (!pending_) ++column_;
  }

  void OnText(std::string_view text) override {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte & 0xC0) == 0x80) continue;
      last_ = byte < 0x80 ? c : '?';
      Character(last_);
      if (byte >= 0x80) Character(last_);
    }
  }
  void OnControl(char control) override {
    if (control == '\n' || control == '\v' || control == '\f') Feed();
    if (control == '\r') Put(row_, 0);
    if (control == '\b') Put(row_, column_ - 1);
    if (control == '\t') Put(row_, (column_ / 8 + 1) * 8);
  }
  void OnEscape(std::string_view intermediates, char final) override {
    if (intermediates == "#" && final == '8') {
      for (int row = 0; row < rows_; ++row)
        Line(row).assign(static_cast<std::size_t>(columns_), 'E');
      top_ = 0;
      bottom_ = rows_ - 1;
      Put(0, 0);
    }
    if (!intermediates.empty()) return;
    switch (final) {
      case '7':
        saved_[alternate_] = {row_, column_, pending_, origin_};
        break;
      case '8':
        Restore();
        break;
      case 'D':
        Feed();
        break;
      case 'E':
        Feed();
        column_ = 0;
        break;
      case 'M':
        if (row_ == top_) {
          Scroll(top_, bottom_, -1);
        } else {
          Put(row_ - 1, column_);
        }
        break;
      case 'c':
        alternate_ = 0;
        Clear(0, rows_ - 1);
        SoftReset();
        wraps_ = true;
        Put(0, 0);
        break;
      default:
        break;
    }
  }
  void Restore() {
    const Saved& saved = saved_[alternate_];
    origin_ = saved.origin;
    Put(saved.row, saved.column);
    pending_ = saved.pending && column_ == columns_ - 1;
  }
  void SoftReset() {
    top_ = 0;
    bottom_ = rows_ - 1;
    origin_ = false;
    wraps_ = true;
    saved_[alternate_] = {};
  }

  void OnSequence(std::string_view parameters, std::string_view intermediates,
                  char final) override {
    if (intermediates == "!" && final == 'p') return SoftReset();
    if (!intermediates.empty()) return;
    if (parameters.starts_with('?')) {
      if (final != 'h' && final != 'l') return;
      for (const auto part : Split(parameters.substr(1), ';')) {
        Mode(ParseInteger<int>(part).value_or(0), final == 'h');
      }
      return;
    }
    if (!parameters.empty() && (parameters[0] < '0' || parameters[0] > ';')) return;
    std::vector<int> numbers;
    for (const auto part : Split(parameters, ';')) {
      numbers.push_back(ParseInteger<int>(part).value_or(0));
    }
    const int first = numbers[0];
    const int count = std::max(1, first);
    switch (final) {
      case 'A':
      case 'F':
        Put(std::max(row_ - count, row_ >= top_ ? top_ : 0), final == 'F' ? 0 : column_);
        break;
      case 'B':
      case 'E':
        Put(std::min(row_ + count, row_ <= bottom_ ? bottom_ : rows_ - 1),
            final == 'E' ? 0 : column_);
        break;
      case 'e':
        Put(row_ + count, column_);
        break;
      case 'C':
      case 'a':
        Put(row_, column_ + count);
        break;
      case 'D':
        Put(row_, column_ - count);
        break;
      case 'G':
      case '`':
        Put(row_, count - 1);
        break;
      case 'd':
        Address(count - 1, column_);
        break;
      case 'H':
      case 'f':
        Address(count - 1, numbers.size() > 1 ? std::max(1, numbers[1]) - 1 : 0);
        break;
      case 'J':
        if (first == 2 || first == 0) Clear(first == 2 ? 0 : row_ + 1, rows_ - 1);
        if (first == 1) Clear(0, row_ - 1);
        break;
      case 'K':
        if (first == 2) Clear(row_, row_);
        break;
      case 'L':
      case 'M':
        if (row_ < top_ || row_ > bottom_) break;
        Scroll(row_, bottom_, final == 'M' ? std::min(count, rows_) : -std::min(count, rows_));
        break;
      case 'S':
      case 'T':
        Scroll(top_, bottom_, final == 'S' ? std::min(count, rows_) : -std::min(count, rows_));
        break;
      case 'b':
        for (int i = 0; i < std::min(count, rows_ * columns_); ++i) Character(last_);
        break;
      case 'r': {
        const int bottom =
            numbers.size() > 1 && numbers[1] > 0 ? std::min(numbers[1], rows_) : rows_;
        if (count >= bottom) break;
        top_ = count - 1;
        bottom_ = bottom - 1;
        Address(0, 0);
        break;
      }
      case 's':
        saved_[alternate_] = {row_, column_, pending_, origin_};
        break;
      case 'u':
        Restore();
        break;
      default:
        break;
    }
  }
  void Address(int row, int column) { Put(origin_ ? std::min(top_ + row, bottom_) : row, column); }
  void Mode(int mode, bool on) {
    if (mode == 6) {
      origin_ = on;
      Address(0, 0);
    }
    if (mode == 7) wraps_ = on;
    if (mode == 3) Clear(0, rows_ - 1);
    if (mode == 1048 || mode == 1049) {
      if (on && alternate_ == 0) saved_[alternate_] = {row_, column_, pending_, origin_};
    }
    if (mode == 47 || mode == 1047 || mode == 1049) {
      if (on && alternate_ == 0 && mode == 1049) {
        alternate_ = 1;
        Clear(0, rows_ - 1);
      }
      alternate_ = on ? 1 : 0;
    }
    if ((mode == 1048 || mode == 1049) && !on) Restore();
  }
  void OnString(char, std::string_view, char) override {}

  EscapeParser parser_;
  int rows_ = 0, columns_ = 0;
  std::array<std::vector<std::string>, 2> grids_;
  std::size_t alternate_ = 0;
  int row_ = 0, column_ = 0;
  bool pending_ = false;
  int top_ = 0, bottom_ = 0;
  bool origin_ = false;
  bool wraps_ = true;
  char last_ = ' ';
  std::array<Saved, 2> saved_;
};

}  // namespace aileron::launch
