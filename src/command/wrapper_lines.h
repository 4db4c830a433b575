// The wrappers that need more than a table: each reads its line (line.h) and says what it runs.
// wrappers.cc has the table of all.
#pragma once

#include "command/line.h"

namespace aileron::command {

// wrapper_lines.cc
void ReadEnv(Line& line);
void ReadXargs(Line& line);
void ReadFind(Line& line);
void ReadBusybox(Line& line);
void ReadLoader(Line& line);

// text_lines.cc: those that are given shell text
void ReadShell(Line& line);  // sh, bash, dash, zsh, ksh …
void ReadOther(Line& line);  // fish, csh: shells whose syntax is not known here
void ReadSu(Line& line);     // su, runuser
void ReadFlock(Line& line);
void ReadWatch(Line& line);
void ReadScript(Line& line);
void ReadParallel(Line& line);
void ReadEval(Line& line);
void ReadTrap(Line& line);
void ReadExec(Line& line);
void ReadCommandBuiltin(Line& line);

// git_line.cc
void ReadGit(Line& line);
void ReadDashedGit(Line& line);  // git-push

// Where "{}" and the like stand in a word, something else will: the word with holes there.
Word WithHoles(Line& line, const Word& word, std::string_view mark);

}  // namespace aileron::command
