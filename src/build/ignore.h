// IgnoreRules: which files of a folder a build does not see (.dockerignore, as docker reads it:
// moby/patternmatcher, and the manual's "dockerignore files").
//
//   file     = [BOM] line {line end line}
//   line     = "#" comment | blanks | ["!"] pattern
//   pattern  = {part}, taken as a path from the context: blanks around it, a "/" before it, "." and
//              ".." do not count
//   part     = "?" one character | "*" any number, none of them "/" | "**" any number of folders,
//              at the end anything | "[" ["^"] {c | c "-" c} "]" | "\" c | c
//
// A pattern that matches a folder matches all below it. The last pattern that matches decides, and
// one with "!" takes its files back. Patterns of which docker makes something that nobody means (a
// wildcard in brackets, "\d") are refused. Matching takes at most pattern times path. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace aileron::build {

class IgnoreRules {
 public:
  // Which patterns match a folder or one above it.
  using Matched = std::vector<bool>;

  // kInvalid: "FILE:LINE: …".
  static Result<IgnoreRules> Parse(std::string_view text, std::string_view file);

  // Whether `path`, relative and plain, is left out. `above` is what matched the folder that it is
  // in, empty for the context itself; `own` becomes what matches it.
  bool Excludes(std::string_view path, const Matched& above, Matched& own) const;
  // The same, of a path alone.
  bool Excludes(std::string_view path) const;
  // Whether a pattern may take back something below a folder that is left out.
  bool MayTakeBackBelow(std::string_view folder) const;

  bool empty() const { return patterns_.empty(); }

 private:
  enum class Kind : std::uint8_t { kCharacter, kAny, kStar, kFolders, kRest, kSet };
  struct Part {
    Kind kind = Kind::kCharacter;
    char32_t character = 0;
    bool negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges;  // of a set
  };
  struct Pattern {
    bool takes_back = false;
    std::string fixed;        // what stands before the first wildcard
    std::vector<Part> parts;  // empty: `fixed` is all of it
  };
  class Reader;

  static bool Matches(const Pattern& pattern, std::string_view path);

  std::vector<Pattern> patterns_;
};

}  // namespace aileron::build
