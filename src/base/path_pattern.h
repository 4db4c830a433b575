// PathPattern: which paths of a site a rule or a binding speaks of.
//
//   pattern = "/" / 1*( "/" part ) [ "/" / "/**" ] / "/**"
//   part    = "*" / segment
//   segment = 1*( ASCII, visible, without "/" "\" "?" "#" "*", "%" only as %XX )
//
// A segment stands for itself, byte for byte; "*" for one segment that is not empty; a final "**"
// for any rest: /a/** covers /a/, /a/b and /a/b/c, not /a. A final "/" is part of the path: /a/ is
// not /a.
//
// A request's path is compared in its normal spelling: %XX decoded, once. What two programs could
// read as different paths has no normal spelling, and no pattern matches it, "/**" neither: "." and
// ".." segments (and "..;x", which some servers read as ".."), empty segments but the last, "\",
// encoded
// "/" "\" "%" "?" "#", control bytes, "%" without two digits, bytes that are not UTF-8, and what is
// longer than kPathMax. Case counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron {

inline constexpr std::size_t kPathMax = 8 << 10;         // of a path that can be matched
inline constexpr std::size_t kPathPatternMax = 1 << 10;  // of a pattern

// The decoded segments of a path ("/a/" has two, the last one empty); nothing when it is ambiguous.
std::optional<std::vector<std::string>> NormalPath(std::string_view path);

class PathPattern {
 public:
  // kInvalid says what is wrong.
  static Result<PathPattern> Parse(std::string_view text);

  // `path` as it stands in a request, without the query.
  bool Matches(std::string_view path) const;
  bool Matches(const std::vector<std::string>& segments) const;
  // Whether some server may read the path as one that is matched: in another case, with dots,
  // blanks or ";parameters" behind a segment, with a final "/" more or less. For who forbids.
  bool MayMean(const std::vector<std::string>& segments) const;
  // Whether some path is matched by both.
  bool Overlaps(const PathPattern& other) const;

  // As it was written.
  const std::string& ToString() const { return text_; }
  bool operator==(const PathPattern&) const = default;

  // For who looks through many patterns at once.
  struct Part {
    bool any = false;  // "*"
    std::string text;
    bool operator==(const Part&) const = default;
  };
  const std::vector<Part>& parts() const { return parts_; }
  bool rest() const { return rest_; }
  // Segments that MayMean takes for one are one here.
  static std::string Folded(std::string_view segment);

 private:
  std::string text_;
  std::vector<Part> parts_;
  bool rest_ = false;  // "**" follows the parts
};

}  // namespace aileron
