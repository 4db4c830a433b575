// Tested by src/modes/table_test.cc.

#include "modes/help_text.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunCompletion(const Invocation& invocation) {
  AILERON_TRY(Print(Completion(invocation.modes, invocation.parsed.arguments.at(0))));
  return 0;
}

}  // namespace

Command CompletionVerb() {
  return {
      .arguments = {{.name = "SHELL", .summary = "bash, zsh or fish", .choices = "bash|zsh|fish"}},
      .examples = {{"source <(aileron completion bash)", "Load it into this bash"},
                   {"aileron completion zsh > ~/.zfunc/_aileron",
                    "Keep it for zsh, with ~/.zfunc in $fpath"},
                   {"aileron completion fish | source", "Load it into this fish"}},
      .run = RunCompletion};
}

}  // namespace aileron::modes
