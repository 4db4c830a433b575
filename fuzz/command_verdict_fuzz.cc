// Verdicts: whatever argv there is, the command that a rule names is found behind what stands in
// front of it, and a verdict comes with its reason.
#include "command/rules.h"

#include "fuzz/pieces.h"

using namespace aileron::command;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;

namespace {

const CommandRules& Rules() {
  static const CommandRules rules = [] {
    std::vector<CommandRule> all;
    all.push_back({.action = Action::kDeny, .pattern = "git push --force", .id = "deny"});
    all.push_back({.action = Action::kAsk, .pattern = "rm -rf /", .id = "ask"});
    all.push_back({.action = Action::kAllow, .pattern = "ls **", .id = "allow"});
    return std::move(CommandRules::Compile(std::move(all), Action::kAsk).value());
  }();
  return rules;
}

CommandVerdict Decide(std::vector<std::string> argv) {
  Execution execution{.origin = Origin::kSystem, .argv = std::move(argv), .cwd = "/work"};
  if (!execution.argv.empty()) execution.executable = "/usr/bin/" + execution.argv.front();
  execution.asked = execution.executable;
  return Rules().Decide(execution);
}

}  // namespace

// A line a word.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> argv;
  std::string_view text = AsText(data, size);
  while (!text.empty() && argv.size() < 100) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    argv.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const CommandVerdict verdict = Decide(argv);
  Expect((verdict.action == Action::kAllow) == verdict.code.empty());
  Expect(verdict.code.empty() == verdict.reason.empty());
  Expect(verdict.action != Action::kDeny || verdict.rule != nullptr);
  // A shell that is given the text of the line, then the command, runs the command.
  const Execution shell{};
  std::vector<std::string> wrapped = {"nice", "-n", "5"};
  wrapped.insert(wrapped.end(), argv.begin(), argv.end());
  if (!argv.empty() && verdict.action == Action::kDeny && argv[0].find('/') == std::string::npos &&
      !argv[0].starts_with('-')) {
    Expect(Decide(std::move(wrapped)).action != Action::kAllow);
  }
  return 0;
}
