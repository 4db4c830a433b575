// Window: the agent's part of the person's terminal, which is all of it but the last row.
//
// The agent believes in a terminal of one row less. What it prints is taken apart (escape_parser.h)
// and written on so that it stays in its rows: the scroll region ends above the last row, also
// after what resets it; rows that are named are at most its own; and below a smaller region of the
// agent's nothing moves or wraps further down than its last row. What could reach the last row
// otherwise, or would make the terminal read bytes in another way, is not written on: rectangles,
// margins left and right, images, other sizes, VT52 and other character sets than UTF-8. Where a
// terminal moves its cursor past a scroll region against the rules, the row is drawn again.
//
// The row is drawn only where the agent does not notice: between its sequences, not while it has a
// saved cursor, another character set, origin mode or a link open. No I/O, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launch/escape_parser.h"

namespace aileron::launch {

struct Size {
  int rows = 0;
  int columns = 0;
  bool operator==(const Size&) const = default;
};

class Window final : private EscapeParser::Sink {
 public:
  explicit Window(Size terminal) : size_(terminal) {}

  // Makes room for the row. Everything here adds to `out` what is to be written to the terminal.
  void Open(std::string& out);
  // Clears the row, and the terminal is as it was.
  void Close(std::string& out);
  // The terminal has another size now; the agent is to be told Inner() afterwards.
  void Resize(Size terminal, std::string& out);
  // The agent's terminal. A terminal that is too small for a row besides is all the agent's.
  Size Inner() const { return {has_row() ? size_.rows - 1 : size_.rows, size_.columns}; }
  bool has_row() const;

  // What the agent prints.
  void Print(std::string_view bytes, std::string& out);
  // What the row shows: `shown` is text and SGR sequences of less than Columns() columns.
  void Show(std::string shown, std::string& out);

 private:
  enum class Switch : std::uint8_t { kOn, kOff };
  // Of each of the two screens.
  struct Screen {
    bool saved = false;        // the agent has a cursor saved that it has not restored
    bool ever_saved = false;   // … or had
    bool overwritten = false;  // by drawing the row, since then
    bool shy = false;          // it restores one cursor many times: the row is not drawn any more
    // What is saved with the cursor.
    bool origin = false;
    char set = 'B';
    bool shifted = false;
  };

  void OnText(std::string_view text) override;
  void OnControl(char control) override;
  void OnEscape(std::string_view intermediates, char final) override;
  void OnSequence(std::string_view parameters, std::string_view intermediates, char final) override;
  void OnString(char introducer, std::string_view text, char end) override;

  void Plain(std::string_view parameters, char final);
  void Marked(std::string_view parameters, char final);
  void Modes(std::string_view parameters, char final);
  void Mode(int mode, Switch to);
  void SwitchScreen(int mode, Switch to);
  void SetRegion(std::string_view parameters);
  void Reset();
  void SoftReset();
  void MoveTo(int row);
  void MoveDown(int rows, std::string_view otherwise);
  void MovedUp(int rows);
  int RowsDown(int rows);
  void Fill();
  void Saved();
  void Restored();
  void KeepFromWrapping();
  void DoubtWrapping();

  std::string Region() const;
  bool Quiet() const;
  void KeepRegion();
  void Draw();
  void Forget();
  Screen& screen() { return screens_[alternate_ ? 1 : 0]; }
  const Screen& screen() const { return screens_[alternate_ ? 1 : 0]; }
  int rows() const { return Inner().rows; }

  EscapeParser parser_;
  Size size_;
  std::string* out_ = nullptr;  // during a call
  std::string shown_;
  bool dirty_ = false;  // the row is not what it should be
  bool open_ = false;

  int top_ = 1;  // the agent's scroll region
  int bottom_ = 1;
  bool below_ = false;  // the cursor may be below it
  int lowest_ = 1;      // … and then not lower than here
  bool alternate_ = false;
  std::array<Screen, 2> screens_;
  bool origin_ = false;             // origin mode is on
  bool wraps_ = true;               // as the agent wants it
  std::optional<bool> wrap_{true};  // as the terminal has it; nothing: unknown
  char set_ = 'B';                  // character set G0
  bool shifted_ = false;            // G1 is in use
  bool link_ = false;               // a hyperlink is open
};

}  // namespace aileron::launch
