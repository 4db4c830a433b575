// Shell text: what sh -c is given, read into the simple commands that it contains.
//
//   text     = list                     pipelines, && || ; & and lines
//   command  = simple / "(" list ")" / "{" list "}" / if / while / until / for / case / function
//            / select / coproc / "[[" … "]]" / "((" … "))" / "for ((" … "))"      bash's
//   simple   = *( assignment / redirection ) *( word / redirection )
//   word     = quotes '…' "…" $'…' $"…", escapes, $x ${…} $(…) `…` $((…)) <(…), * ? […] {…} ~
//
// Commands are listed wherever they stand: in branches, loops, bodies of functions, substitutions,
// and in here-documents that substitute. Each word is text where it is known before the text runs,
// and a form (word.h) where it is not. Nothing is run, no variable is followed, no alias is known.
//
// Text that one shell reads in another way than the next is refused rather than guessed, so that
// what is accepted has one meaning in its dialect. Where text is refused, the commands before that
// place are there: a shell may have run them before it comes to it. Bounded by limits.h in size,
// depth, and work.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/word.h"

namespace aileron::command {

enum class Dialect : std::uint8_t {
  kPosix,  // dash, busybox ash
  kBash,   // bash, and nearly ksh and zsh
};

struct Assignment {
  std::string_view name;
  Word value;
  bool operator==(const Assignment&) const = default;
};

struct ShellCommand {
  std::vector<Assignment> assignments;
  std::vector<Word> words;    // never empty
  std::optional<Word> input;  // standard input, where a here-document or here-string is it
  bool operator==(const ShellCommand&) const = default;
};

struct ShellText {
  std::vector<ShellCommand> commands;
  Status status;  // kInvalid where the text was refused: "line 2: …"
};

ShellText ReadShellText(std::string_view text, Dialect dialect, Texts& texts);

// The commands as bash reads them back, one a line, with other words for what is not known.
std::string PrintShellText(std::span<const ShellCommand> commands);

// Whether the word is a command that shells of the family run without starting a program.
bool IsShellBuiltin(std::string_view name);

}  // namespace aileron::command
