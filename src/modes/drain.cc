// Tested by tests/shim/test_tools.py.

#include <unistd.h>

#include "base/text.h"
#include "modes/api.h"
#include "modes/result_text.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

// One line that says which call it was and what became of it, then what the site said.
std::string ResultText(const shim::Run& run, Shown shown) {
  const std::string complaint =
      shim::ExitCodeOf(run) == 0 ? "" : fmt::format(" ({})", OneLine(shim::ComplaintOf(run)));
  const std::string head = fmt::format("{} {} {}: {}{}", run.id, run.tool, run.operation,
                                       shim::NameOf(run.state), complaint);
  return fmt::format("{}\n{}", Printable(head), BodyText(run.body, shown));
}

Outcome RunDrain(const Invocation& invocation) {
  AILERON_ASSIGN(const auto api, SandboxApi());
  const bool json = invocation.parsed.Has("--json");
  const Shown shown = ShownAt(STDOUT_FILENO);
  const shim::Patience patience =
      invocation.parsed.Has("--wait") ? PatienceFor(std::nullopt) : PatienceFor(Duration::zero());
  AILERON_ASSIGN(
      const std::uint64_t open, shim::DrainResults(*api, patience, [&](const shim::Run& run) {
        return Print(json ? BodyText(Compact(run.whole), shown) : ResultText(run, shown));
      }));
  if (open > 0) {
    PrintNote(fmt::format("{} {} still open; \"aileron drain --wait\" waits for all", open,
                          open == 1 ? "call is" : "calls are"));
  }
  return 0;
}

}  // namespace

Command DrainVerb() {
  return {.text =
              "Results of calls that nobody waited for: one that a person approved later, or "
              "whose tool was stopped. Each is printed, and then acknowledged, so that it does "
              "not come again; if this is stopped in between, it comes once more.",
          .flags = {{"--wait", "", "Until no call is open any more"},
                    {"--json", "", "One JSON object a line"}},
          .examples = {{"aileron drain --wait --json", "All that is still to come"}},
          .run = RunDrain};
}

}  // namespace aileron::modes
