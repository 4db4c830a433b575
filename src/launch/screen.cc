// Tested by tests/launch/test_status_line.py.

#include "launch/screen.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "launch/status_row.h"

namespace aileron::launch {

namespace {

Size SizeOf(const os::WindowSize& size) { return {size.ws_row, size.ws_col}; }

int CallersTerminal() {
  for (const int descriptor : {1, 2, 0}) {
    if (isatty(descriptor) != 0) return descriptor;
  }
  return STDOUT_FILENO;  // --tty=always without a terminal
}

}  // namespace

Status CheckStatusLine() {
  if (isatty(STDOUT_FILENO) == 0) {
    return Fail(Code::kInvalid,
                "--status-line: standard output is no terminal. Leave it out, and see what waits "
                "with \"aileron approvals\"");
  }
  const char* term = std::getenv("TERM");
  const std::string_view name = term == nullptr ? "" : term;
  if (name.empty() || name == "dumb" || name == "unknown" || name.starts_with("emacs")) {
    return Fail(Code::kInvalid,
                "--status-line: this terminal ({}) has no rows that can be kept apart. Leave it "
                "out, and see what waits with \"aileron approvals\" in another one",
                name.empty() ? "TERM is not set" : fmt::format("TERM={}", name));
  }
  return {};
}

os::WindowSize AgentsSize(StatusLine wanted) {
  os::WindowSize size = os::WindowSizeOf(CallersTerminal());
  if (wanted == StatusLine::kOn) {
    size.ws_row = static_cast<unsigned short>(Window(SizeOf(size)).Inner().rows);
  }
  return size;
}

Screen::~Screen() { Close(); }

bool Screen::Open(const os::Fd& master) {
  descriptor_ = CallersTerminal();
  const bool keys = isatty(STDIN_FILENO) != 0;
  if (keys) raw_.emplace(STDIN_FILENO);
  const os::WindowSize size = os::WindowSizeOf(descriptor_);
  if (wanted_ == StatusLine::kOn) window_.emplace(SizeOf(size));
  if (window_) {
    ShowRow();
    window_->Open(out_);
    Write();
  }
  Resize(master);
  return keys;
}

void Screen::Print(std::string_view bytes) {
  if (!window_) {
    (void)os::WriteAll(descriptor_, bytes);
    return;
  }
  window_->Print(bytes, out_);
  Write();
}

void Screen::Resize(const os::Fd& master) {
  os::WindowSize size = os::WindowSizeOf(descriptor_);
  if (window_) {
    window_->Resize(SizeOf(size), out_);
    ShowRow();
    Write();
    size.ws_row = static_cast<unsigned short>(window_->Inner().rows);
  }
  os::SetWindowSize(master.get(), size);
}

void Screen::ShowWaiting(std::size_t count, std::string_view oldest) {
  waiting_ = count;
  oldest_ = oldest;
  if (!window_) return;
  ShowRow();
  Write();
}

void Screen::ShowRow() {
  // The last column is left free: some terminals would wrap behind it.
  const int columns = std::max(1, window_->Inner().columns) - 1;
  window_->Show(StatusRow(session_, waiting_, oldest_, static_cast<std::size_t>(columns)), out_);
}

void Screen::Write() {
  if (!out_.empty()) (void)os::WriteAll(descriptor_, out_);
  out_.clear();
}

void Screen::Close() {
  if (window_) {
    window_->Close(out_);
    Write();
  }
  window_.reset();
  raw_.reset();
}

}  // namespace aileron::launch
