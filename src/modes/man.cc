// Tested by src/modes/table_test.cc.

#include "modes/help_text.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunMan(const Invocation& invocation) {
  AILERON_TRY(Print(ManPage(invocation.modes)));
  return 0;
}

}  // namespace

Command ManVerb() {
  return {
      .text =
          "The page is made from the same table as --help, in the man macros of groff and mandoc.",
      .examples = {{"aileron man | man -l -", "Read it"}},
      .run = RunMan};
}

}  // namespace aileron::modes
