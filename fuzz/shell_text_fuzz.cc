// Shell text: what is accepted prints as a text that means the same, in either dialect; commands
// have words, and words are theirs.
#include "command/shell_text.h"

#include "command/limits.h"
#include "fuzz/pieces.h"

using aileron::command::Dialect;
using aileron::command::PrintShellText;
using aileron::command::ReadShellText;
using aileron::command::ShellText;
using aileron::command::Texts;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  for (const Dialect dialect : {Dialect::kBash, Dialect::kPosix}) {
    Texts texts;
    const ShellText read = ReadShellText(text, dialect, texts);
    Expect(read.commands.size() <= aileron::command::limits::kCommands);
    for (const auto& command : read.commands) Expect(!command.words.empty());
    if (!read.status) {
      Expect(!read.status.error().message.empty());
      continue;
    }
    const std::string printed = PrintShellText(read.commands);
    if (printed.size() > aileron::command::limits::kShellTextMax) continue;
    const ShellText again = ReadShellText(printed, Dialect::kBash, texts);
    Expect(again.status.has_value());
    Expect(again.commands == read.commands);
  }
  return 0;
}
