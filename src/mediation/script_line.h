// ScriptLine: the "#!" line of a script, as the kernel reads it (fs/binfmt_script.c).
//
//   line        = "#!" *blank interpreter [1*blank argument] *blank (newline | end of the head)
//   interpreter = 1*(any byte but blank, NUL, newline)       blank = SP | HTAB
//   argument    = the rest of the line, blanks inside included
//
// The head is the file's first 256 bytes. An interpreter that reaches its end may be cut, and is
// none; an argument may be cut.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aileron::mediation {

struct ScriptLine {
  std::string interpreter;
  std::string argument;  // or empty
  bool operator==(const ScriptLine&) const = default;
};

// Nothing for a file that the kernel would not start so.
std::optional<ScriptLine> ParseScriptLine(std::string_view head);

}  // namespace aileron::mediation
