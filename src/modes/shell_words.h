// ShellWords: a line as a person types it, or as ShellQuoted (base/text.h) wrote it, as its words.
//
//   word = 1*( "'" … "'" / '"' … '"' / "\" char / char )
//
// Quotes and backslashes as in a POSIX shell; nothing is expanded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aileron::modes {

// Takes the first word off `line`, and the blanks behind it; nothing where a quote stays open.
std::optional<std::string> TakeShellWord(std::string_view& line);

// All of them.
std::optional<std::vector<std::string>> ShellWords(std::string_view line);

}  // namespace aileron::modes
