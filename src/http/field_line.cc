#include "http/field_line.h"

#include "http/chars.h"

namespace aileron::http {

Flaw CheckLineBytes(std::string_view line) {
  // Without a branch in the loop, so that it is vectorised: every byte of every head passes here.
  unsigned bad = 0;
  for (const char raw : line) {
    const auto c = static_cast<unsigned char>(raw);
    bad |= static_cast<unsigned>(c < 0x20) & static_cast<unsigned>(c != '\t');
    bad |= static_cast<unsigned>(c == 0x7f);
  }
  if (bad == 0) return Flaw::kNone;
  return line.contains('\r') ? Flaw::kBareCr : Flaw::kControlByte;
}

Flaw ParseFieldLine(std::string_view line, FieldPlace& place) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (const Flaw flaw = CheckLineBytes(line); flaw != Flaw::kNone) return flaw;
  if (blank(line.front())) return Flaw::kObsFold;
  std::size_t colon = 0;
  while (colon < line.size() && Is(line[colon], kTokenChar)) ++colon;
  if (colon == line.size()) return Flaw::kNoColon;
  if (line[colon] != ':') {
    if (!line.contains(':')) return Flaw::kNoColon;
    const std::size_t next = line.find_first_not_of(" \t", colon);
    return line[next] == ':' && next != colon ? Flaw::kSpaceBeforeColon : Flaw::kBadHeaderName;
  }
  if (colon == 0) return Flaw::kBadHeaderName;
  std::size_t begin = colon + 1;
  std::size_t end = line.size();
  while (begin < end && blank(line[begin])) ++begin;
  while (end > begin && blank(line[end - 1])) --end;
  place.name = {0, static_cast<std::uint32_t>(colon)};
  place.value = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
  return Flaw::kNone;
}

}  // namespace aileron::http
