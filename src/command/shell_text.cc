#include "command/shell_text.h"

#include <array>

#include "command/limits.h"
#include "command/shell_reader.h"

namespace aileron::command {
namespace {

constexpr auto kBuiltins = std::to_array<std::string_view>(
    {".",      ":",       "[",         "alias",    "bg",       "bind",    "break",    "builtin",
     "caller", "cd",      "command",   "compgen",  "complete", "compopt", "continue", "declare",
     "dirs",   "disown",  "echo",      "enable",   "eval",     "exec",    "exit",     "export",
     "false",  "fc",      "fg",        "getopts",  "hash",     "help",    "history",  "jobs",
     "kill",   "let",     "local",     "logout",   "mapfile",  "popd",    "printf",   "pushd",
     "pwd",    "read",    "readarray", "readonly", "return",   "set",     "shift",    "shopt",
     "source", "suspend", "test",      "times",    "trap",     "true",    "type",     "typeset",
     "ulimit", "umask",   "unalias",   "unset",    "wait"});

constexpr std::string_view kUnknown = "\"$x\"";  // one word that is not known

// 'text'"$x"'text'; for words that may be several, what makes them so.
void PrintWord(std::string& line, const Word& word) {
  std::string_view hole = kUnknown;
  if (word.count == Word::Count::kAny) {
    hole = "$x";
  } else if (word.count == Word::Count::kSome) {
    hole = word.holes == Word::Holes::kName ? "*" : "{,\"$x\"}";
  }
  line += "''";
  std::size_t begin = 0;
  while (begin <= word.text.size()) {
    const std::size_t end = std::min(word.text.find(kHole, begin), word.text.size());
    if (end > begin) {
      line += '\'';
      for (const char c : word.text.substr(begin, end - begin)) {
        line += c == '\'' ? std::string_view("'\\''") : std::string_view(&c, 1);
      }
      line += '\'';
    }
    if (end < word.text.size()) line += hole;
    begin = end + 1;
  }
}

}  // namespace

ShellText ReadShellText(std::string_view text, Dialect dialect, Texts& texts) {
  ShellText read;
  if (text.size() > limits::kShellTextMax) {
    read.status = Fail(Code::kInvalid, "the text is longer than {} bytes", limits::kShellTextMax);
    return read;
  }
  if (text.find('\0') != std::string_view::npos) {
    read.status = Fail(Code::kInvalid, "the text is not known before it runs");
    return read;
  }
  ShellSink sink{.texts = texts, .work = limits::kShellWorkMin + text.size() * limits::kShellWork};
  read.status = ShellReader(text, dialect, sink, 0).ReadAll();
  std::erase_if(sink.commands, [](const ShellCommand& command) { return command.words.empty(); });
  read.commands = std::move(sink.commands);
  return read;
}

std::string PrintShellText(std::span<const ShellCommand> commands) {
  std::string text;
  for (const ShellCommand& command : commands) {
    for (const auto& [name, value] : command.assignments) {
      text.append(name).append("=");
      PrintWord(text, value);
      text += ' ';
    }
    for (const Word& word : command.words) {
      PrintWord(text, word);
      text += ' ';
    }
    if (command.input) {
      text += "<<< ";
      PrintWord(text, *command.input);
    }
    text += '\n';
  }
  return text;
}

bool IsShellBuiltin(std::string_view name) { return std::ranges::binary_search(kBuiltins, name); }

}  // namespace aileron::command
