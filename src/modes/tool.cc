// Tested by tests/shim/test_tools.py.

#include "modes/tool.h"

#include <unistd.h>

#include "base/ulid.h"
#include "connector/names.h"
#include "connector/tools.h"
#include "modes/api.h"
#include "modes/command.h"
#include "modes/result_text.h"
#include "modes/terminal.h"
#include "os/fd.h"
#include "shim/limits.h"
#include "shim/runs.h"
#include "shim/tool_line.h"
#include "shim/tool_spec.h"

namespace aileron::modes {

namespace {

// Whatever is wrong with the words is a matter of usage.
template <typename Value>
std::expected<Value, Failure> OfWords(Result<Value> result) {
  if (!result) return std::unexpected(Failure(kExitUsage, std::move(result).error()));
  return *std::move(result);
}

std::expected<nlohmann::json, Failure> ReadArguments(const shim::ToolLine& line) {
  std::string input;
  if (line.reads_input()) {
    const os::Fd descriptor(dup(STDIN_FILENO));
    AILERON_ASSIGN(input, os::ReadAll(descriptor, "standard input", shim::limits::kArgumentsMax));
  }
  return OfWords(shim::ArgumentsOf(line, input));
}

// For a shell: without a word where something fails.
Outcome Complete(std::string_view name, std::span<const std::string> words) {
  AILERON_ASSIGN(const auto api, SandboxApi());
  const auto before = words.first(words.empty() ? 0 : words.size() - 1);
  AILERON_ASSIGN(const shim::ToolSpec spec, shim::FetchTool(*api, name, connector::Spoken(before)));
  std::string lines;
  for (const std::string& word : shim::CompleteToolLine(spec.connector, spec.tool(), words)) {
    lines += word + "\n";
  }
  AILERON_TRY(Print(lines));
  return 0;
}

Outcome Call(std::string_view name, std::span<const std::string> words) {
  AILERON_ASSIGN(const auto api, SandboxApi());
  AILERON_ASSIGN(const shim::ToolSpec spec, shim::FetchTool(*api, name, connector::Spoken(words)));
  AILERON_ASSIGN(const shim::ToolLine line,
                 OfWords(shim::ReadToolLine(spec.connector, spec.tool(), words)));
  if (!line.help.empty()) {
    AILERON_TRY(Print(line.help));
    return 0;
  }
  AILERON_ASSIGN(nlohmann::json arguments, ReadArguments(line));
  const shim::Wish wish{.tool = std::string(name),
                        .operation = line.operation->name,
                        .arguments = std::move(arguments),
                        .key = Ulid::Make(Now()).ToString()};
  const shim::Patience patience = PatienceFor(line.wait ? line.timeout : Duration::zero());
  AILERON_ASSIGN(const shim::Run run,
                 shim::RunOperation(*api, wish, patience, [&](const shim::Run& open) {
                   PrintNote(OneLine(shim::ComplaintOf(open)), name);
                 }));
  if (run.open() && !line.json) AILERON_TRY(Print(run.id + "\n"));
  return PrintRun(run, line.json ? RunShape::kJson : RunShape::kBody, name);
}

// "github has no operation …" behind "github: " needs no second name.
std::string WithoutName(std::string_view message, std::string_view name) {
  const bool twice = message.starts_with(fmt::format("{} ", name));
  return OneLine(twice ? message.substr(name.size() + 1) : message);
}

}  // namespace

bool IsToolName(std::string_view name) { return connector::CheckToolName(name).has_value(); }

int RunTool(std::string_view name, std::span<const std::string> words) {
  const bool complete = !words.empty() && words.front() == shim::kCompleteWord;
  const Outcome outcome = complete ? Complete(name, words.subspan(1)) : Call(name, words);
  if (outcome) return *outcome;
  if (complete) return outcome.error().exit_code;
  PrintError(WithoutName(outcome.error().error.message, name), name);
  return outcome.error().exit_code;
}

}  // namespace aileron::modes
