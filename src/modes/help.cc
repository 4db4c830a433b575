// Tested by src/modes/table_test.cc.

#include <unistd.h>

#include "base/text.h"
#include "modes/help_text.h"
#include "modes/parse.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunHelp(const Invocation& invocation) {
  const Colour colour = ColourOf(STDOUT_FILENO);
  const std::size_t width = WidthOf(STDOUT_FILENO);
  const auto& words = invocation.parsed.arguments;
  if (words.empty()) {
    AILERON_TRY(Print(Overview(invocation.modes, colour, width)));
    return 0;
  }
  const Mode* mode = FindMode(invocation.modes, words[0]);
  if (mode == nullptr) {
    std::vector<std::string_view> known;
    for (const Mode& candidate : invocation.modes) known.push_back(candidate.name);
    return Fail(Code::kInvalid, "there is no command {}{}. See \"aileron help\"",
                Printable(words[0]), DidYouMean(words[0], known));
  }
  const Command described = Describe(*mode);
  const Command* command = &described;
  std::string path = fmt::format("aileron {}", mode->name);
  for (const std::string& word : std::span(words).subspan(1)) {
    const Command* child = FindCommand(*command, word);
    if (child == nullptr) {
      return Fail(Code::kInvalid, "\"{}\" has no command {}. See \"{} --help\"", path,
                  Printable(word), path);
    }
    command = child;
    path += fmt::format(" {}", word);
  }
  AILERON_TRY(Print(CommandHelp(*command, path, colour, width)));
  return 0;
}

}  // namespace

Command HelpVerb() {
  return {
      .arguments = {{"COMMAND", "The command to explain, such as \"vault unlock\"", Arity::kAny}},
      .run = RunHelp};
}

}  // namespace aileron::modes
