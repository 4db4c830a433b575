// Screen: the person's terminal while an agent runs on it: raw mode, its size, what the agent
// prints, and, where it is wanted, the status line in its last row.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "launch/window.h"
#include "os/fd.h"
#include "os/pty.h"

namespace aileron::launch {

enum class StatusLine { kOff, kOn };

// kInvalid, with why, where a status line cannot be kept out of the agent's way: standard output is
// no terminal, or one that knows no cursor.
Status CheckStatusLine();

// The size of an agent's terminal at its start: all of the caller's but for the row.
os::WindowSize AgentsSize(StatusLine wanted);

class Screen {
 public:
  Screen(StatusLine wanted, std::string session) : wanted_(wanted), session_(std::move(session)) {}
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // From now on the caller's terminal shows what comes from `master`, which gets its size. True
  // when keys are to be read from standard input.
  bool Open(const os::Fd& master);
  void Print(std::string_view bytes);
  // The terminal has another size, perhaps.
  void Resize(const os::Fd& master);
  void ShowWaiting(std::size_t count, std::string_view oldest);
  // Leaves the terminal as it was.
  void Close();

 private:
  void ShowRow();
  void Write();

  StatusLine wanted_;
  std::string session_;
  int descriptor_ = -1;  // the caller's terminal, if there is one
  std::optional<os::RawTerminal> raw_;
  std::optional<Window> window_;
  std::string out_;  // kept for its memory
  std::size_t waiting_ = 0;
  std::string oldest_;
};

}  // namespace aileron::launch
