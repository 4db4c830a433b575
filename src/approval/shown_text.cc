#include "approval/shown_text.h"

#include "base/result.h"
#include "base/text.h"

namespace aileron::approval {

namespace {

// What Printable writes begins with "\\": one of the text's own must not be taken for it.
std::string Unambiguous(std::string_view text) {
  std::string safe;
  while (true) {
    const auto end = text.find('\\');
    safe += Printable(text.substr(0, end));
    if (end == std::string_view::npos) return safe;
    safe += "\\\\";
    text.remove_prefix(end + 1);
  }
}

std::string Safe(std::string_view text, Lines lines) {
  if (lines == Lines::kOne) return Unambiguous(text);
  std::string safe;
  while (true) {
    const auto end = text.find_first_of("\n\t");
    safe += Printable(text.substr(0, end));
    if (end == std::string_view::npos) return safe;
    safe += text[end];
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string ShownText(std::string_view text, std::size_t max, Lines lines) {
  // What is safe is never shorter than what it was made of: the rest would be cut anyway.
  std::string safe = Safe(text.substr(0, max), lines);
  if (safe.size() <= max && text.size() <= max) return safe;
  const std::string note = fmt::format("… ({} bytes in all)", text.size());
  AILERON_CHECK(note.size() + 4 < max);
  safe.resize(BeginningOf(safe, max - note.size()).size());
  return safe + note;
}

}  // namespace aileron::approval
