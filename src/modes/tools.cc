// Tested by tests/shim/test_tools.py.

#include "base/text.h"
#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "shim/limits.h"

namespace aileron::modes {

namespace {

Outcome Show(const Parsed& parsed, const Json& list, const Grid& grid, std::string_view none) {
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(list)));
  } else if (list.empty()) {
    PrintNote(none);
  } else {
    PrintGrid(grid);
  }
  return 0;
}

Outcome List(const Parsed& parsed) {
  AILERON_ASSIGN(const auto api, SandboxApi());
  AILERON_ASSIGN(const Json answer, shim::AskJson(*api, {.path = "/tools"}));
  const Json& tools = ListOf(answer, "tools");
  Grid grid({"TOOL", "OPERATIONS", "CONNECTOR", "SUMMARY"});
  for (const Json& tool : tools) {
    grid.Add({TextOf(tool, "name"), TextOf(tool, "operations"),
              fmt::format("{} {}", TextOf(tool, "connector"), TextOf(tool, "version")),
              TextOf(tool, "summary")});
  }
  return Show(parsed, tools, grid,
              "this sandbox has no tools. On the host, \"aileron connector add\" brings some");
}

Outcome Search(const Parsed& parsed, std::span<const std::string> words) {
  if (words.empty()) {
    return std::unexpected(
        Failure(kExitUsage, {Code::kInvalid, "\"aileron tools search\" needs WORDS to look for"}));
  }
  AILERON_ASSIGN(const auto api, SandboxApi());
  AILERON_ASSIGN(const Json answer,
                 shim::AskJson(*api, {.path = fmt::format("/tools/search?q={}&limit={}",
                                                          PercentEncode(Join(words, " ")),
                                                          shim::limits::kSearchHits)}));
  const Json& hits = ListOf(answer, "hits");
  Grid grid({"TOOL", "OPERATION", "SUMMARY"});
  for (const Json& hit : hits) {
    grid.Add({TextOf(hit, "tool"), TextOf(hit, "operation"), TextOf(hit, "summary")});
  }
  return Show(parsed, hits, grid, "no operation is about that. \"aileron tools\" lists all tools");
}

Outcome RunTools(const Invocation& invocation) {
  const std::span<const std::string> words = invocation.parsed.arguments;
  return words.empty() ? List(invocation.parsed) : Search(invocation.parsed, words.subspan(1));
}

}  // namespace

Command ToolsVerb() {
  return {.text =
              "Tools are commands like any other: \"TOOL --help\" tells what one can do, and "
              "\"TOOL OPERATION --help\" which flags that takes. The daemon makes the call "
              "outside of the sandbox, with credentials that never come in, and asks a person "
              "first where that is wanted.",
          .flags = {kJsonFlag},
          .arguments = {{"search", "Look for operations by what they are about", Arity::kOptional,
                         "search"},
                        {"WORDS", "What they are to be about", Arity::kAny}},
          .examples = {{"aileron tools search close an issue", "Operations that are about that"}},
          .run = RunTools};
}

}  // namespace aileron::modes
