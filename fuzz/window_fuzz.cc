// Window: whatever an agent prints, in whatever pieces, the last row of a terminal shows what it
// should or nothing for a moment, and at the end nothing is in it.
#include <string>

#include "fuzz/pieces.h"
#include "launch/model_terminal_test.h"
#include "launch/window.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::launch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr int kRows = 8, kColumns = 24;
  std::string_view text = AsText(data + 1, size - 1);
  aileron::fuzz::Pieces pieces(data[0]);
  ModelTerminal terminal(kRows, kColumns);
  Window window({kRows, kColumns});
  std::string out;
  window.Show("ROW", out);
  window.Open(out);
  while (!text.empty()) {
    const std::size_t piece = pieces.Next(text.size());
    window.Print(text.substr(0, piece), out);
    text.remove_prefix(piece);
    terminal.Write(out);
    out.clear();
    const std::string last = terminal.Row(kRows);
    Expect(last == "ROW" || last.empty());
    Expect(terminal.row() < kRows && terminal.bottom() < kRows);
  }
  window.Close(out);
  terminal.Write(out);
  Expect(terminal.Row(kRows).empty());
  Expect(terminal.bottom() == kRows);
  return 0;
}
