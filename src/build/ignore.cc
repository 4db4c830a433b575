#include "build/ignore.h"

#include <algorithm>

#include "base/text.h"
#include "build/limits.h"

namespace aileron::build {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";
constexpr char32_t kBroken = 0xFFFD;

// The character at `at`, which moves behind it. A byte that is no UTF-8 is a character of its own.
char32_t Next(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (size == 1) {
    ++at;
    return lead;
  }
  const std::string_view bytes = text.substr(at, size);
  if (bytes.size() < size || !IsUtf8(bytes)) {
    ++at;
    return kBroken;
  }
  at += size;
  char32_t character = lead & (0xFFU >> (size + 1));
  for (const char byte : bytes.substr(1)) {
    character = character << 6 | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  return character;
}

// As Go's filepath.Clean does it.
std::string Clean(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> kept;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != ".." || (!absolute && (kept.empty() || kept.back() == ".."))) {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string clean = absolute ? "/" : "";
  for (const std::string_view part : kept) {
    if (clean.size() > 1 || (!clean.empty() && !absolute)) clean += '/';
    clean += part;
  }
  return clean.empty() ? "." : clean;
}

bool IsAlphanumeric(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

// One pattern's parts.
class IgnoreRules::Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Pattern> Read() {
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      const char32_t c = Next(text_, at_);
      if (c == '*') {
        ReadStars(begin == 0);
      } else if (c == '?') {
        Add({.kind = Kind::kAny});
      } else if (c == '[') {
        AILERON_TRY(ReadSet());
      } else if (c == '\\') {
        AILERON_ASSIGN(const char32_t escaped, Escaped());
        Literal(escaped, text_.substr(begin + 1, at_ - begin - 1));
      } else {
        Literal(c, text_.substr(begin, at_ - begin));
      }
    }
    if (!wild_) pattern_.parts.clear();
    return std::move(pattern_);
  }

 private:
  void Add(Part part) {
    wild_ = true;
    pattern_.parts.push_back(std::move(part));
  }
  void Literal(char32_t c, std::string_view bytes) {
    if (!wild_) pattern_.fixed += bytes;
    pattern_.parts.push_back({.character = c});
  }

  void ReadStars(bool first) {
    if (!text_.substr(at_).starts_with('*')) return Add({.kind = Kind::kStar});
    ++at_;
    const bool folder = text_.substr(at_).starts_with('/');
    if (folder) ++at_;
    const std::string_view rest = text_.substr(at_);
    // docker takes "**x", where nothing else is a wildcard, for all names that end with "x".
    const bool ending = first && !folder && rest.find_first_of("*?[]\\") == rest.npos;
    Add({.kind = rest.empty() || ending ? Kind::kRest : Kind::kFolders});
  }

  Result<char32_t> Escaped() {
    if (at_ == text_.size()) return Fail(Code::kInvalid, "nothing stands behind the last \"\\\"");
    const char32_t c = Next(text_, at_);
    if (IsAlphanumeric(c)) {
      return Fail(Code::kInvalid, "\"\\\" stands before a letter or digit, which needs none");
    }
    return c;
  }

  Result<char32_t> Member() {
    if (at_ == text_.size()) return Fail(Code::kInvalid, "a \"[\" has no \"]\"");
    const char32_t c = Next(text_, at_);
    if (c == '\\') return Escaped();
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '-') {
      return Fail(Code::kInvalid, "within brackets, \"{}\" needs a \"\\\" before it",
                  static_cast<char>(c));
    }
    return c;
  }

  Status ReadSet() {
    Part set{.kind = Kind::kSet};
    if (text_.substr(at_).starts_with('^')) {
      set.negated = true;
      ++at_;
    }
    do {
      AILERON_ASSIGN(const char32_t low, Member());
      char32_t high = low;
      if (text_.substr(at_).starts_with('-')) {
        ++at_;
        AILERON_ASSIGN(high, Member());
      }
      if (high < low)
        return Fail(Code::kInvalid, "within brackets, a range is the wrong way round");
      set.ranges.emplace_back(low, high);
    } while (!text_.substr(at_).starts_with(']'));
    ++at_;
    Add(std::move(set));
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool wild_ = false;
  Pattern pattern_;
};

Result<IgnoreRules> IgnoreRules::Parse(std::string_view text, std::string_view file) {
  IgnoreRules rules;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    line = Trim(line, kBlanks);
    if (line.empty()) continue;
    const bool takes_back = line.starts_with('!');
    if (takes_back) line = Trim(line.substr(1), kBlanks);
    const auto wrong = [&](std::string_view why) {
      return Fail(Code::kInvalid, "{}:{}: {}", Printable(file), number, why);
    };
    if (line.empty()) return wrong("behind \"!\" stands no pattern");
    if (line.size() > limits::kPatternMax) return wrong("a pattern is longer than 1024 bytes");
    if (line.contains('\0')) return wrong("a pattern has a zero byte");
    if (rules.patterns_.size() >= limits::kPatterns) return wrong("more than 2000 patterns");
    std::string clean = Clean(line);
    if (clean.size() > 1 && clean.starts_with('/')) clean.erase(0, 1);
    auto pattern = Reader(clean).Read();
    if (!pattern) return wrong(pattern.error().message);
    pattern->takes_back = takes_back;
    rules.patterns_.push_back(*std::move(pattern));
  }
  return rules;
}

// All places of the pattern that the path may have led to are followed at once. Behind the places
// stand those within a kFolders, whose "/" has not come yet.
bool IgnoreRules::Matches(const Pattern& pattern, std::string_view path) {
  if (pattern.parts.empty()) return path == pattern.fixed;
  if (!path.starts_with(pattern.fixed)) return false;
  const std::vector<Part>& parts = pattern.parts;
  const std::size_t end = parts.size();
  std::vector<bool> now(2 * end + 1), next(2 * end + 1);
  const auto enter = [&](std::size_t place, std::vector<bool>& places) {
    places[place] = true;
    // What may stand for nothing is passed as well.
    while (place < end && (parts[place].kind == Kind::kStar || parts[place].kind == Kind::kRest ||
                           parts[place].kind == Kind::kFolders)) {
      places[++place] = true;
    }
  };
  enter(0, now);
  for (std::size_t at = 0; at < path.size();) {
    const char32_t c = Next(path, at);
    next.assign(next.size(), false);
    for (std::size_t place = 0; place < end; ++place) {
      const std::size_t within = end + 1 + place;
      if (!now[place] && !now[within]) continue;
      const Part& part = parts[place];
      switch (part.kind) {
        case Kind::kCharacter:
          if (c == part.character) enter(place + 1, next);
          break;
        case Kind::kAny:
          if (c != '/') enter(place + 1, next);
          break;
        case Kind::kStar:
          if (c != '/') enter(place, next);
          break;
        case Kind::kRest:
          enter(place, next);
          break;
        case Kind::kFolders:
          next[within] = true;
          if (c == '/') enter(place + 1, next);
          break;
        case Kind::kSet: {
          const bool in = std::ranges::any_of(part.ranges, [c](const auto& range) {
            return range.first <= c && c <= range.second;
          });
          if (in != part.negated) enter(place + 1, next);
          break;
        }
      }
    }
    now.swap(next);
  }
  return now[end];
}

bool IgnoreRules::Excludes(std::string_view path, const Matched& above, Matched& own) const {
  bool excluded = false;
  own.assign(patterns_.size(), false);
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    own[i] = (!above.empty() && above[i]) || Matches(patterns_[i], path);
    if (own[i]) excluded = !patterns_[i].takes_back;
  }
  return excluded;
}

bool IgnoreRules::Excludes(std::string_view path) const {
  Matched above, own;
  bool excluded = false;
  for (std::size_t end = 0; end != path.npos;) {
    end = path.find('/', end + 1);
    excluded = Excludes(path.substr(0, end), above, own);
    above.swap(own);
  }
  return excluded;
}

bool IgnoreRules::MayTakeBackBelow(std::string_view folder) const {
  const std::string inside = fmt::format("{}/", folder);
  return std::ranges::any_of(patterns_, [&](const Pattern& pattern) {
    if (!pattern.takes_back) return false;
    return pattern.fixed.starts_with(inside) ||
           (!pattern.parts.empty() && inside.starts_with(pattern.fixed));
  });
}

}  // namespace aileron::build
