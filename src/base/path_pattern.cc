#include "base/path_pattern.h"

#include <algorithm>

#include "base/text.h"

namespace aileron {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

// Decoded, or nothing when it is ambiguous.
std::optional<std::string> NormalSegment(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    const bool encoded = c == '%';
    if (encoded) {
      if (i + 2 >= raw.size()) return std::nullopt;
      const int high = HexValue(raw[i + 1]), low = HexValue(raw[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (IsControl(c) || std::string_view("/\\%?#").contains(c)) return std::nullopt;
    text += c;
  }
  // Some servers drop ";parameters" of a segment before they look at it.
  const std::string_view name = std::string_view(text).substr(0, text.find(';'));
  if (name == "." || name == ".." || (name.empty() && !text.empty())) return std::nullopt;
  // No overlong forms: an overlong "/" is one to some decoders.
  if (!IsUtf8(text)) return std::nullopt;
  return text;
}

// What is left of a segment for the server that looks at the least of it.
std::string_view Core(std::string_view segment) {
  segment = segment.substr(0, segment.find(';'));
  while (segment.ends_with('.') || segment.ends_with(' ')) segment.remove_suffix(1);
  return segment;
}

}  // namespace

std::optional<std::vector<std::string>> NormalPath(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kPathMax) return std::nullopt;
  const auto raw = Split(path.substr(1), '/');
  std::vector<std::string> segments;
  segments.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i].empty() && i + 1 != raw.size()) return std::nullopt;
    auto segment = NormalSegment(raw[i]);
    if (!segment) return std::nullopt;
    segments.push_back(std::move(*segment));
  }
  return segments;
}

Result<PathPattern> PathPattern::Parse(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return Fail(Code::kInvalid, "\"{}\" {}", Printable(text.substr(0, 100)), what);
  };
  if (!text.starts_with('/')) return wrong("is not a path: it must begin with /");
  if (text.size() > kPathPatternMax) return wrong("is too long");
  PathPattern pattern;
  pattern.text_ = text;
  const auto raw = Split(text.substr(1), '/');
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool last = i + 1 == raw.size();
    if (raw[i] == "**") {
      if (!last) return wrong("has ** before its end: ** stands for any rest, and goes last");
      pattern.rest_ = true;
      break;
    }
    if (raw[i] == "*") {
      pattern.parts_.push_back({.any = true, .text = ""});
      continue;
    }
    if (raw[i].contains('*'))
      return wrong("has a * beside other text: * stands for a whole segment");
    const bool visible = std::ranges::all_of(raw[i], [](char c) { return c > ' ' && c < 0x7f; });
    if (!visible) return wrong("holds a blank or a byte that is not ASCII: write it as %XX");
    auto segment = raw[i].empty() && !last ? std::nullopt : NormalSegment(raw[i]);
    if (!segment) {
      return wrong(
          "is no path in normal spelling: no . or .. or empty segment, no \\ ? #, and no "
          "encoded / \\ % ? #");
    }
    pattern.parts_.push_back({.any = false, .text = std::move(*segment)});
  }
  return pattern;
}

bool PathPattern::Matches(std::string_view path) const {
  const auto segments = NormalPath(path);
  return segments && Matches(*segments);
}

bool PathPattern::Matches(const std::vector<std::string>& segments) const {
  if (rest_ ? segments.size() <= parts_.size() : segments.size() != parts_.size()) return false;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].any ? segments[i].empty() : parts_[i].text != segments[i]) return false;
  }
  return true;
}

bool PathPattern::MayMean(const std::vector<std::string>& segments) const {
  std::size_t theirs = segments.size(), ours = parts_.size();
  while (theirs > 0 && segments[theirs - 1].empty()) --theirs;
  while (ours > 0 && !parts_[ours - 1].any && parts_[ours - 1].text.empty()) --ours;
  if (rest_ ? theirs < ours : theirs != ours) return false;
  for (std::size_t i = 0; i < ours; ++i) {
    if (!parts_[i].any && !EqualsIgnoreCase(Core(parts_[i].text), Core(segments[i]))) return false;
  }
  return true;
}

std::string PathPattern::Folded(std::string_view segment) { return ToLower(Core(segment)); }

bool PathPattern::Overlaps(const PathPattern& other) const {
  const std::size_t mine = parts_.size(), theirs = other.parts_.size();
  if (!rest_ && !other.rest_ && mine != theirs) return false;
  if (!rest_ && other.rest_ && mine <= theirs) return false;
  if (rest_ && !other.rest_ && theirs <= mine) return false;
  for (std::size_t i = 0; i < std::min(mine, theirs); ++i) {
    const Part& a = parts_[i];
    const Part& b = other.parts_[i];
    const bool meet = a.any ? b.any || !b.text.empty() : b.any ? !a.text.empty() : a.text == b.text;
    if (!meet) return false;
  }
  return true;
}

}  // namespace aileron
