// Wrappers that are given shell text.
// Tested by src/command/wrappers_test.cc
#include "base/text.h"
#include "command/wrapper_lines.h"

namespace aileron::command {
namespace {

constexpr OptionTable kExec = {"cl", "a", "", "", ""};
constexpr OptionTable kFlock = {
    "sxeunoFvhV", "wE", "",
    "shared exclusive unlock nonblock nb close no-fork verbose help version",
    "timeout wait conflict-exit-code"};
constexpr OptionTable kWatch = {
    "bcCegtxprwhv", "nqs", "d",
    "beep color no-color errexit chgexit no-title exec precise no-rerun "
    "no-wrap follow differences help version",
    "interval equexit shotsdir"};
constexpr OptionTable kParallel = {
    "0kqtuvXmr", "ajnNLPISCEsd", "il",
    "bar dry-run dryrun eta group keep-order line-buffer lb linebuffer "
    "no-notice no-run-if-empty null pipe progress quote ungroup verbose "
    "will-cite xargs link plus silent version help",
    "arg-file jobs max-procs max-args max-lines max-replace-args max-chars "
    "colsep delimiter delay halt joblog load memfree nice results retries "
    "shuf timeout tmpdir workdir wd tagstring block recstart recend rpl"};

bool Is(const Word& word, std::string_view text) { return word.known() && word.text == text; }

// The words with a blank between each, as one word: known where all are.
Word Joined(Line& line, std::span<const Word> words) {
  std::string text;
  for (const Word& word : words) {
    if (word.count != Word::Count::kOne) return AnyWord();
    if (&word != words.data()) text += ' ';
    text += word.text;
  }
  return {line.Keep(std::move(text))};
}

// The word behind "-c", "--command" or attached to them, wherever it stands. `valued`: letters that
// take the rest of their word, or the next one.
std::optional<Word> CommandOption(std::span<const Word> words, std::string_view valued) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view text = words[i].text;
    for (const std::string_view name : {"--command", "--session-command"}) {
      if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) {
        return Word{text.substr(name.size() + 1), words[i].count};
      }
      if (text == name && i + 1 < words.size()) return words[i + 1];
    }
    if (text.size() < 2 || text[0] != '-' || text[1] == '-') continue;
    const std::size_t letter = text.find('c');
    const std::size_t other = text.find_first_of(valued, 1);
    if (other < letter) {
      if (other + 1 == text.size()) ++i;
      continue;
    }
    if (letter == std::string_view::npos) continue;
    if (letter + 1 < text.size()) return Word{text.substr(letter + 1), words[i].count};
    if (i + 1 < words.size()) return words[i + 1];
  }
  return std::nullopt;
}

Shells ShellsOf(std::string_view name) {
  if (name == "bash" || name == "rbash" || name == "zsh") return Shells::kBash;
  return name == "dash" ? Shells::kPosix : Shells::kEither;
}

// A shell's options: whether it is given text, and of what kind.
struct ShellOptions {
  bool text = false;         // -c
  bool input = false;        // -s
  bool interactive = false;  // -i
};

// One word of options; the words of "-o" and "-O" are passed.
void TakeShellOptions(Line& line, ShellOptions& options) {
  const std::string_view text = line.front().text;
  const bool bash = line.name() != "zsh";
  line.Skip();
  if (text.starts_with("--")) {
    if (text == "--rcfile" || text == "--init-file" || text == "--emulate") line.Skip();
    return;
  }
  const bool minus = text.front() == '-';
  for (std::size_t i = 1; i < text.size(); ++i) {
    options.text |= minus && text[i] == 'c';
    options.input |= minus && text[i] == 's';
    options.interactive |= minus && text[i] == 'i';
    const bool names = text[i] == 'o' || (bash && text[i] == 'O');
    if (names && (bash || i + 1 == text.size())) {
      line.Skip();
    } else if (names) {
      break;  // zsh: the rest is the name
    }
  }
}

}  // namespace

// sh [options] [-c TEXT | SCRIPT] [arguments]
void ReadShell(Line& line) {
  ShellOptions options;
  while (!line.empty()) {
    const Word word = line.front();
    const bool dash = word.text.starts_with('-') || word.text.starts_with('+');
    if (word.count == Word::Count::kAny || !dash) break;
    if (word.text == "-" || word.text == "--") {
      line.Skip();
      break;
    }
    if (!word.known()) return line.RunUnknown();
    TakeShellOptions(line, options);
  }
  const Shells shells = ShellsOf(line.name());
  if (options.text) {
    if (line.empty()) return;
    const Word text = line.front();
    if (line.name() == "zsh" && options.interactive &&
        text.text.find('#') != std::string_view::npos) {
      return line.Unread("whether # begins a comment depends on its settings");
    }
    line.Through();
    return line.RunText(text, shells);
  }
  if ((line.empty() || options.input) && line.command().input) {
    return line.RunText(*line.command().input, shells);
  }
}

void ReadOther(Line& line) {
  for (const Word& word : line.rest()) {
    const std::string_view text = word.text;
    if (text.starts_with("-c") || text.starts_with("-C") || text.starts_with("--command") ||
        text.starts_with("--init-command") || text.starts_with("-lc") || text.starts_with("-ic") ||
        text.starts_with("-Command") || text.starts_with("-Encoded")) {
      return line.Unread("its syntax is not read here");
    }
  }
}

// su [options] [user] [-c TEXT]; runuser -u USER command
void ReadSu(Line& line) {
  if (const auto text = CommandOption(line.rest(), "sgGwu")) {
    return line.RunText(*text, Shells::kEither);
  }
  if (line.name() != "runuser") return;
  const std::vector<Word> words(line.rest().begin(), line.rest().end());
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].text != "-u" && words[i].text != "--user") continue;
    const std::size_t skip = i + 2 + (i + 2 < words.size() && Is(words[i + 2], "--") ? 1 : 0);
    if (skip < words.size())
      line.Run({words.begin() + static_cast<std::ptrdiff_t>(skip), words.end()});
    return;
  }
}

// flock [options] FILE command; flock [options] FILE -c TEXT
void ReadFlock(Line& line) {
  line.Through();
  while (line.NextOption(kFlock)) {
  }
  if (line.lost()) return line.RunUnknown();
  if (!line.empty()) line.Skip();
  if (!line.empty() && (Is(line.front(), "-c") || Is(line.front(), "--command"))) {
    line.Skip();
    if (!line.empty()) line.RunText(line.front(), Shells::kEither);
    return;
  }
  line.RunRest();
}

// watch [options] words of a text; with -x: a command
void ReadWatch(Line& line) {
  line.Through();
  bool executes = false;
  while (const auto option = line.NextOption(kWatch)) {
    executes |= option->name == "x" || option->name == "exec";
  }
  if (line.lost()) return line.RunUnknown();
  if (executes) return line.RunRest();
  if (!line.empty()) line.RunText(Joined(line, line.rest()), Shells::kEither);
}

// script [options] -c TEXT [file]; script [file] -- command
void ReadScript(Line& line) {
  if (const auto text = CommandOption(line.rest(), "EIoOBTtm")) {
    return line.RunText(*text, Shells::kEither);
  }
  while (!line.empty() && !Is(line.front(), "--")) line.Skip();
  if (!line.empty()) line.Skip();
  line.RunRest();
}

// parallel [options] words of a text [::: arguments]
void ReadParallel(Line& line) {
  while (line.NextOption(kParallel)) {
  }
  if (line.lost()) return line.RunUnknown();
  std::string text;
  bool placed = false;
  while (!line.empty() && !(line.front().known() && line.front().text.starts_with(":::"))) {
    const Word word = line.front();
    line.Skip();
    if (!word.known()) return line.RunUnknown();
    if (Is(word, "--")) continue;
    std::string part(word.text);
    for (std::size_t open = part.find('{'); open != std::string::npos;
         open = part.find('{', open + 1)) {
      const std::size_t close = part.find('}', open);
      if (close == std::string::npos) break;
      part.replace(open, close - open + 1, "$x");
      placed = true;
    }
    text += part + " ";
  }
  if (!text.empty()) {
    return line.RunText({line.Keep(text + (placed ? "" : "$x"))}, Shells::kEither);
  }
  if (line.empty()) return;
  line.Skip();
  const std::vector<Word> arguments(line.rest().begin(), line.rest().end());
  for (const Word& argument : arguments) line.RunText(argument, Shells::kEither);
}

void ReadEval(Line& line) {
  line.Through();
  if (!line.empty() && Is(line.front(), "--")) line.Skip();
  if (!line.empty()) line.RunText(Joined(line, line.rest()), line.command().shell);
}

// trap [-lp] ACTION SIGNAL …
void ReadTrap(Line& line) {
  line.Through();
  if (!line.empty() && Is(line.front(), "--")) line.Skip();
  if (line.rest().size() < 2 || line.front().text.starts_with('-')) return;
  line.RunText(line.front(), line.command().shell);
}

// exec [-cl] [-a NAME] [command]; zsh's "-"
void ReadExec(Line& line) {
  line.Through();
  while (line.NextOption(kExec)) {
  }
  line.RunRest();
}

// command [-pVv] command; builtin command
void ReadCommandBuiltin(Line& line) {
  line.Through();
  line.KeepShell();
  while (const auto option = line.NextOption({.flags = "pVv"})) {
    if (option->name != "p") return;
  }
  line.RunRest();
}

}  // namespace aileron::command
