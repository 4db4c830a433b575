// Reading: all commands that one execution stands for, as far as it can be told before it runs.
//
// The first is the execution itself. The others are its other spellings ("git -c x=y push" is "git
// push") and what it runs: the command behind wrappers (wrappers.h), those of shell text
// (shell_text.h), the interpreters of a script. They are found level by level, without recursion,
// within limits.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/execution.h"
#include "command/rules.h"
#include "command/shell_text.h"
#include "command/word.h"

namespace aileron::command {

// The shells that may read a text: "sh" is dash here and bash there.
enum class Shells : std::uint8_t { kNone, kPosix, kBash, kEither };

struct Command {
  std::vector<Word> words;    // the program first; empty only where an execution has no argv
  std::optional<Word> input;  // what it reads, where that is known
  std::string_view cwd;       // empty: not known
  std::size_t by = 0;         // the index of the command that it is a spelling of, or that runs it
  int depth = 0;
  Place place = Place::kItself;
  Shells shell = Shells::kNone;  // it stands in the text of such a shell
  bool exact = true;             // a rule that allows may hold for it
  bool through = false;          // it is allowed where all that it runs is
  bool guessed = false;          // it is behind a program that is not known, which may run it
  bool in_process = false;       // what it runs may come to no execution of its own: busybox
};

struct Reading {
  Texts texts;
  std::vector<Command> commands;
  std::size_t passed_on = 0;  // words, by wrappers
  std::string unread;         // why something in it cannot be read; empty when all of it was
};

// Borrows from the execution.
Reading Read(const Execution& execution);

}  // namespace aileron::command
