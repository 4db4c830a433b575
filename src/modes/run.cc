// Tested by src/modes/table_test.cc.

#include "modes/run.h"

#include <unistd.h>

#include "base/text.h"
#include "modes/help_text.h"
#include "modes/parse.h"
#include "modes/terminal.h"
#include "modes/tool.h"
#include "os/fd.h"
#include "sandbox/spec.h"

namespace aileron::modes {

namespace {

std::unexpected<Failure> Misuse(std::string message) {
  return std::unexpected(Failure(kExitUsage, Error{Code::kInvalid, std::move(message)}));
}

std::unexpected<Failure> Unknown(std::string_view path, std::string_view word,
                                 std::span<const std::string_view> known) {
  return Misuse(fmt::format("\"{}\" has no command {}{}. See \"{} --help\"", path, Printable(word),
                            DidYouMean(word, known), path));
}

std::unexpected<Failure> UnknownMode(std::span<const Mode> modes, std::string_view word) {
  std::vector<std::string_view> known;
  for (const Mode& mode : modes) {
    if (mode.group != Group::kInside) known.push_back(mode.name);
  }
  return Unknown("aileron", word, known);
}

std::unexpected<Failure> UnknownCommand(const Command& command, std::string_view path,
                                        std::string_view word) {
  std::vector<std::string_view> known;
  for (const Command& child : command.commands) known.push_back(child.name);
  return Unknown(path, word, known);
}

Outcome RunMode(std::span<const Mode> modes, const Mode& mode, std::span<const std::string> words) {
  const std::span<const std::string> all = words;
  const Command described = Describe(mode);
  const Command* command = &described;
  std::string path = fmt::format("aileron {}", mode.name);
  while (!command->commands.empty()) {
    if (words.empty()) {
      (void)os::WriteAll(STDERR_FILENO, CommandHelp(*command, path, ColourOf(STDERR_FILENO),
                                                    WidthOf(STDERR_FILENO)));
      return kExitUsage;
    }
    if (words[0] == kHelpFlag.name || words[0] == kHelpFlag.letter) {
      AILERON_TRY(
          Print(CommandHelp(*command, path, ColourOf(STDOUT_FILENO), WidthOf(STDOUT_FILENO))));
      return 0;
    }
    const Command* child = FindCommand(*command, words[0]);
    if (child == nullptr) return UnknownCommand(*command, path, words[0]);
    path += fmt::format(" {}", child->name);
    command = child;
    words = words.subspan(1);
  }
  auto parsed = Parse(*command, path, words);
  if (!parsed) return std::unexpected(Failure(kExitUsage, std::move(parsed).error()));
  if (parsed->Has(kHelpFlag.name)) {
    AILERON_TRY(
        Print(CommandHelp(*command, path, ColourOf(STDOUT_FILENO), WidthOf(STDOUT_FILENO))));
    return 0;
  }
  return command->run({std::move(*parsed), modes, all});
}

Outcome RunWords(std::span<const Mode> modes, std::span<const std::string> words) {
  if (words.empty() || words[0] == kHelpFlag.name || words[0] == kHelpFlag.letter) {
    AILERON_TRY(Print(Overview(modes, ColourOf(STDOUT_FILENO), WidthOf(STDOUT_FILENO))));
    return 0;
  }
  if (words[0] == "--version" || words[0] == "-V")
    return RunMode(modes, *FindMode(modes, "version"), {});
  if (words[0].starts_with('-')) {
    return Misuse(fmt::format(
        "aileron has no flag {}. Flags stand behind the command; see \"aileron --help\"",
        Printable(words[0])));
  }
  const Mode* mode = FindMode(modes, words[0]);
  if (mode == nullptr) return UnknownMode(modes, words[0]);
  return RunMode(modes, *mode, words.subspan(1));
}

// Whose credential helper this program is by that name.
std::string_view HelperOf(std::string_view name) {
  if (name == sandbox::kGitHelper) return "git";
  return name == sandbox::kDockerHelper ? "docker" : "";
}

}  // namespace

int Run(std::span<const Mode> modes, int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  const std::string_view path = argc > 0 ? argv[0] : "";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (const std::string_view helper = HelperOf(name); !helper.empty()) {
    words.insert(words.begin(), {"credential", std::string(helper)});
  } else if (IsToolName(name)) {
    return RunTool(name, words);
  }
  const Outcome outcome = RunWords(modes, words);
  if (outcome) return *outcome;
  PrintError(outcome.error().error.message);
  return outcome.error().exit_code;
}

}  // namespace aileron::modes
