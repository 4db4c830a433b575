#include "mediation/script_line.h"

#include "base/text.h"
#include "mediation/limits.h"

namespace aileron::mediation {

std::optional<ScriptLine> ParseScriptLine(std::string_view head) {
  constexpr std::string_view kBlanks = " \t";
  head = head.substr(0, limits::kScriptHead);
  if (!head.starts_with("#!")) return std::nullopt;
  const std::size_t newline = head.find('\n');
  const bool whole = newline != std::string_view::npos || head.size() < limits::kScriptHead;
  std::string_view line = Trim(head.substr(2, newline - 2), kBlanks);
  // What the kernel handles are C strings.
  if (const std::size_t end = line.find('\0'); end != std::string_view::npos) {
    line = line.substr(0, end);
  }
  if (line.empty()) return std::nullopt;
  const std::size_t blank = line.find_first_of(kBlanks);
  if (blank == std::string_view::npos) {
    if (!whole) return std::nullopt;
    return ScriptLine{std::string(line), {}};
  }
  return ScriptLine{std::string(line.substr(0, blank)),
                    std::string(Trim(line.substr(blank), kBlanks))};
}

}  // namespace aileron::mediation
