#include "launch/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "launch/limits.h"

namespace aileron::launch {

namespace {

// Private modes that do nothing to where text goes, or what Mode() looks after.
constexpr std::array kModes = {1,    5,    6,    7,    8,    9,    12,   25,   45,
                               47,   66,   67,   1000, 1001, 1002, 1003, 1004, 1005,
                               1006, 1007, 1015, 1016, 1034, 1035, 1036, 1039, 1042,
                               1043, 1047, 1048, 1049, 2004, 2026, 2027, 2031};
constexpr int kOriginMode = 6;
constexpr int kWrapMode = 7;
constexpr int kCursorMode = 1048;       // saves and restores it
constexpr int kScreenAndCursor = 1049;  // the alternate screen, with the cursor saved

// Sequences without a mark that change nothing but the cursor's line, or columns, or colours, or
// rows within the region; or that ask.
constexpr std::string_view kHarmless = "@CDGIKLMPSXZ`abcgmn";
// Of xterm's window operations: questions, and the stack of titles.
constexpr std::array kWindowOperations = {11, 13, 14, 16, 18, 19, 22, 23};

// The numbers between semicolons; a missing one is `missing`. Nothing for what is no such list.
std::optional<std::vector<int>> Numbers(std::string_view parameters, int missing) {
  std::vector<int> numbers;
  if (parameters.empty()) return numbers;
  for (const std::string_view part : Split(parameters, ';')) {
    if (numbers.size() == limits::kParameters) return std::nullopt;
    int number = 0;
    for (const char c : part) {
      if (c < '0' || c > '9') return std::nullopt;
      number = std::min(number * 10 + (c - '0'), limits::kParameterMax);
    }
    numbers.push_back(part.empty() ? missing : number);
  }
  return numbers;
}

// The first number, at least 1; nothing when it is none.
std::optional<int> Count(std::string_view parameters) {
  const auto numbers = Numbers(parameters, 1);
  if (!numbers) return std::nullopt;
  return numbers->empty() ? 1 : std::max(1, numbers->front());
}

std::string Sequence(std::string_view parameters, std::string_view intermediates, char final) {
  return fmt::format("\033[{}{}{}", parameters, intermediates, final);
}

}  // namespace

bool Window::has_row() const {
  return size_.rows >= limits::kStatusRows && size_.columns >= limits::kStatusColumns;
}

std::string Window::Region() const {
  return fmt::format("\033[{};{}r", top_, has_row() ? bottom_ : size_.rows);
}

// Of what the terminal may be in the middle of.
void Window::Forget() {
  top_ = 1;
  bottom_ = rows();
  below_ = false;
  origin_ = false;
  set_ = 'B';
  shifted_ = false;
  link_ = false;
}

void Window::Open(std::string& out) {
  Forget();
  open_ = true;
  dirty_ = true;
  // Down and up again: a cursor in the last row scrolls everything up by one.
  if (has_row()) out += "\033D\033[A\0337" + Region() + "\0338";
  out_ = &out;
  Draw();
}

void Window::Close(std::string& out) {
  if (!std::exchange(open_, false)) return;
  if (link_) out += "\033]8;;\033\\";
  if (alternate_) out += "\033[?1049l";
  if (set_ != 'B' || shifted_) out += "\033(B\017";
  if (origin_) out += "\033[?6l";
  if (wraps_ && wrap_ != true) out += "\033[?7h";
  if (!has_row()) return;
  out += fmt::format("\0337\033[r\033[{};1H\033[0m\033[2K\0338", size_.rows);
}

// Terminals forget their scroll region now, and may have left the cursor in the last row.
void Window::Resize(Size terminal, std::string& out) {
  if (terminal == size_ || !open_) return;
  size_ = terminal;
  top_ = 1;
  bottom_ = rows();
  below_ = false;
  out += "\0337\033[r\0338";
  if (has_row()) out += "\033D\033[A\0337" + Region() + "\0338";
  screen().overwritten = screen().ever_saved;
  dirty_ = true;
  out_ = &out;
  Draw();
}

void Window::Print(std::string_view bytes, std::string& out) {
  out_ = &out;
  parser_.Feed(bytes, *this);
  Draw();
}

void Window::Show(std::string shown, std::string& out) {
  if (shown == shown_) return;
  shown_ = std::move(shown);
  dirty_ = true;
  out_ = &out;
  Draw();
}

bool Window::Quiet() const {
  return !screen().saved && !(screen().shy && screen().ever_saved) && !origin_ && set_ == 'B' &&
         !shifted_ && !link_;
}

void Window::Draw() {
  if (!dirty_ || !open_ || !has_row() || !Quiet()) return;
  dirty_ = false;
  *out_ += fmt::format("\0337\033[?6l\033[0m\033[{};1H\033[2K{}\033[0m\0338", size_.rows, shown_);
  screen().overwritten = screen().ever_saved;
}

// After what may have reset it, with the cursor where it is.
void Window::KeepRegion() {
  *out_ += "\0337" + Region() + "\0338";
  screen().overwritten = screen().ever_saved;
}

// --- where the cursor is

void Window::MoveTo(int row) {
  below_ = row > bottom_;
  lowest_ = std::min(row, rows());
}

// How many of `rows` down it may go.
int Window::RowsDown(int rows) {
  if (!below_) return rows;
  const int down = std::min(rows, this->rows() - lowest_);
  lowest_ += down;
  return down;
}

void Window::MoveDown(int rows, std::string_view otherwise) {
  // A terminal that does not stop at the region may be in the last row now.
  if (has_row()) dirty_ = true;
  if (!below_ && !origin_ && rows >= this->rows()) {  // to the last row, wherever it is
    *out_ += fmt::format("\033[{}d{}", bottom_, otherwise);
    return;
  }
  const int down = RowsDown(rows);
  *out_ += down > 0 ? fmt::format("\033[{}B", down) : std::string();
  *out_ += otherwise;
}

void Window::MovedUp(int rows) {
  if (!below_) return;
  lowest_ = std::max(1, lowest_ - rows);
  below_ = lowest_ > bottom_;
}

// Some terminals restore this with the cursor. On where it is thought to be off would do harm.
void Window::DoubtWrapping() {
  if (wrap_ == false) wrap_.reset();
}

// Below the region a line that is too long would go on in the next row.
void Window::KeepFromWrapping() {
  const bool wanted = wraps_ && !below_;
  if (wrap_ == wanted) return;
  wrap_ = wanted;
  *out_ += wanted ? "\033[?7h" : "\033[?7l";
}

void Window::OnText(std::string_view text) {
  KeepFromWrapping();
  *out_ += text;
}

void Window::OnControl(char control) {
  if (control == '\n' || control == '\v' || control == '\f') {
    if (RowsDown(1) == 0) return;
  } else if (control == 0x0E || control == 0x0F) {
    shifted_ = control == 0x0E;
  }
  *out_ += control;
}

// --- escapes

void Window::OnEscape(std::string_view intermediates, char final) {
  if (intermediates == "(" || intermediates == ")") {
    if (final < '0' || final > 'Z') return;
    if (intermediates == "(") set_ = final;
    *out_ += fmt::format("\033{}{}", intermediates, final);
    return;
  }
  if (intermediates == "#") {
    if (final == '8') return Fill();
    if (final >= '3' && final <= '6') *out_ += fmt::format("\033#{}", final);
    return;
  }
  if (!intermediates.empty()) return;
  switch (final) {
    case 'c':
      return Reset();
    case '7':
      return Saved();
    case '8':
      return Restored();
    case 'D':
      if (RowsDown(1) == 0) return;
      break;
    case 'E':
      *out_ += RowsDown(1) == 0 ? "\r" : "\033E";
      return;
    case 'M':
      MovedUp(1);
      break;
    case '=':
    case '>':
    case 'H':
    case 'Z':
      break;
    default:
      return;
  }
  *out_ += fmt::format("\033{}", final);
}

void Window::Reset() {
  Forget();
  alternate_ = false;
  screens_ = {};
  wraps_ = true;
  wrap_ = true;
  *out_ += "\033c";
  if (has_row()) *out_ += Region() + "\033[H";
  dirty_ = true;
}

void Window::SoftReset() {
  Forget();
  wraps_ = true;
  DoubtWrapping();
  screen() = {};
  *out_ += "\033[!p";
  if (has_row()) KeepRegion();
}

// DECALN fills all rows, and sets the margins to all of them.
void Window::Fill() {
  top_ = 1;
  bottom_ = rows();
  below_ = false;
  *out_ += "\033#8";
  if (has_row()) *out_ += fmt::format("\033[{};1H\033[2K{}\033[H", size_.rows, Region());
  dirty_ = true;
}

void Window::Saved() {
  screen() = {.saved = true,
              .ever_saved = true,
              .shy = screen().shy,
              .origin = origin_,
              .set = set_,
              .shifted = shifted_};
  *out_ += "\0337";
}

void Window::Restored() {
  Screen& here = screen();
  // It was drawn over once; from now on the row waits.
  if (!here.saved && here.overwritten) here.shy = true;
  here.saved = false;
  origin_ = here.origin;
  set_ = here.set;
  shifted_ = here.shifted;
  below_ = bottom_ < rows();
  lowest_ = rows();
  DoubtWrapping();
  *out_ += "\0338";
}

// --- sequences

void Window::OnSequence(std::string_view parameters, std::string_view intermediates, char final) {
  if (intermediates == "!" && final == 'p' && parameters.empty()) return SoftReset();
  const bool harmless = (intermediates == " " && final == 'q') ||
                        (intermediates == "\"" && final == 'q') ||
                        (intermediates == "$" && final == 'p');
  if (harmless) *out_ += Sequence(parameters, intermediates, final);
  if (!intermediates.empty()) return;
  const char mark = parameters.empty() ? '0' : parameters.front();
  if (mark >= '<' && mark <= '?') return Marked(parameters, final);
  Plain(parameters, final);
}

void Window::Marked(std::string_view parameters, char final) {
  const char mark = parameters.front();
  if (mark == '?' && std::string_view("hlrs").contains(final)) {
    return Modes(parameters.substr(1), final);
  }
  if (mark == '?' && final == 'J') dirty_ = true;
  constexpr std::array<std::pair<char, std::string_view>, 4> kPassed = {
      {{'?', "JKmnu"}, {'>', "cqmun"}, {'<', "u"}, {'=', "cu"}}};
  for (const auto& [known, finals] : kPassed) {
    if (mark == known && finals.contains(final)) *out_ += Sequence(parameters, "", final);
  }
}

void Window::Plain(std::string_view parameters, char final) {
  const auto count = Count(parameters);
  switch (final) {
    case 'r':
      return SetRegion(parameters);
    case 'H':
    case 'f':
    case 'd': {
      const auto numbers = Numbers(parameters, 1);
      if (!numbers) return;
      const int row = std::clamp(numbers->empty() ? 1 : numbers->front(), 1, rows());
      const int column = numbers->size() < 2 ? 1 : std::max(1, (*numbers)[1]);
      MoveTo(row);
      *out_ +=
          final == 'd' ? fmt::format("\033[{}d", row) : fmt::format("\033[{};{}H", row, column);
      return;
    }
    case 'B':
    case 'e':
      return count ? MoveDown(*count, "") : void();
    case 'E':
      return count ? MoveDown(*count, "\r") : void();
    case 'A':
    case 'F':
      if (!count) return;
      MovedUp(*count);
      break;
    case 'J':
      if (parameters != "1" && parameters != "3") dirty_ = true;
      break;
    case 'T':
      if (!Numbers(parameters, 1) || parameters.contains(';')) return;  // tracks the mouse
      break;
    case 's':
      return parameters.empty() ? Saved() : void();  // else margins left and right
    case 'u':
      return parameters.empty() ? Restored() : void();
    case 'h':
    case 'l':
      if (parameters != "4") return;  // others let a line end move, or lock the keys
      break;
    case 't': {
      const auto numbers = Numbers(parameters, 0);
      if (!numbers || numbers->empty()) return;
      if (std::ranges::find(kWindowOperations, numbers->front()) == kWindowOperations.end()) return;
      break;
    }
    default:
      if (!kHarmless.contains(final)) return;
      if (final == 'b') KeepFromWrapping();
  }
  *out_ += Sequence(parameters, "", final);
}

void Window::SetRegion(std::string_view parameters) {
  const auto numbers = Numbers(parameters, 0);
  if (!numbers) return;
  const int most = rows();
  const auto at = [&](std::size_t index, int otherwise) {
    const int given = index < numbers->size() ? (*numbers)[index] : 0;
    return given == 0 ? otherwise : std::min(given, most);
  };
  const int top = at(0, 1);
  const int bottom = at(1, most);
  if (top >= bottom) return;  // terminals take no such region
  top_ = top;
  bottom_ = bottom;
  below_ = false;  // the cursor goes to the first row
  *out_ += Region();
}

void Window::Modes(std::string_view parameters, char final) {
  const auto modes = Numbers(parameters, 0);
  if (!modes) return;
  for (const int mode : *modes) {
    if (std::ranges::find(kModes, mode) == kModes.end()) continue;
    if (final == 'h' || final == 'l') {
      Mode(mode, final == 'h' ? Switch::kOn : Switch::kOff);
    } else if (mode >= 1000 && mode <= 1016) {  // saved and restored: of the mouse alone
      *out_ += fmt::format("\033[?{}{}", mode, final);
    }
  }
}

void Window::Mode(int mode, Switch to) {
  const bool on = to == Switch::kOn;
  if (mode == 47 || mode == 1047 || mode == kScreenAndCursor) return SwitchScreen(mode, to);
  if (mode == kCursorMode) return on ? Saved() : Restored();
  if (mode == kOriginMode) {
    origin_ = on;
    below_ = false;  // the cursor goes to the first row, of the region or of all
  } else if (mode == kWrapMode) {
    wraps_ = on;
    wrap_ = on;
  }
  *out_ += fmt::format("\033[?{}{}", mode, on ? 'h' : 'l');
}

// Some terminals have a scroll region for each screen.
void Window::SwitchScreen(int mode, Switch to) {
  const bool on = to == Switch::kOn;
  *out_ += fmt::format("\033[?{}{}", mode, on ? 'h' : 'l');
  if (on && !alternate_) screens_[1] = {};
  alternate_ = on;
  dirty_ = true;
  below_ = bottom_ < rows();
  lowest_ = rows();
  if (mode == kScreenAndCursor) {
    DoubtWrapping();
    // Coming back restores the cursor that going saved.
    if (!on) screen() = {};
  }
  if (has_row() && !screen().saved) KeepRegion();
}

// --- strings

void Window::OnString(char introducer, std::string_view text, char end) {
  if (introducer == ']') {
    constexpr std::string_view kLink = "8;";
    // Images and files, and text of several rows.
    for (const std::string_view dropped : {"1337;", "66;"}) {
      if (text.starts_with(dropped)) return;
    }
    if (text.starts_with(kLink)) {
      const auto target = text.find(';', kLink.size());
      link_ = target != std::string_view::npos && target + 1 < text.size();
    }
  } else if (introducer != 'P' || !(text.starts_with("$q") || text.starts_with("+q"))) {
    return;  // others draw, define keys, or speak to the terminal around this one
  }
  *out_ += fmt::format("\033{}{}{}", introducer, text,
                       end == '\\' ? std::string_view("\033\\") : std::string_view("\007"));
}

}  // namespace aileron::launch
