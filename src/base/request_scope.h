// RequestScope: the requests that something is narrowed to, by method and path.
//
// An empty list means any. Both lists must agree. What is in doubt is not covered: an ambiguous
// path (base/path_pattern.h), and fields by which some servers replace the method or the path
// (OverridesMethod, OverridesPath), which the caller reports. Who forbids asks the other way round
// (MayCover): there what is in doubt is covered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_pattern.h"

namespace aileron {

inline constexpr std::size_t kMethodMax = 32;
// As rules are written: capitals, "-" and "_".
bool IsMethodName(std::string_view text);

// What a request's fields may make of it (OverridesMethod, OverridesPath).
struct Overrides {
  bool method = false;
  bool path = false;
};

struct RequestScope {
  std::vector<std::string> methods;  // in capitals
  std::vector<PathPattern> paths;

  bool everything() const { return methods.empty() && paths.empty(); }
  // `path` as it stands in the request, without the query.
  bool Covers(std::string_view method, std::string_view path) const;
  // Whether some server may take the request for one that is covered: methods and paths in any
  // case, paths as PathPattern::MayMean has it. In `doubt` is what a field may override.
  bool MayCover(std::string_view method, std::string_view path, Overrides doubt) const;
  // The same, of a path that was taken apart before (NormalPath).
  using Segments = std::optional<std::vector<std::string>>;
  bool Covers(std::string_view method, const Segments& segments) const;
  bool MayCover(std::string_view method, const Segments& segments, Overrides doubt) const;
  // Whether some request is covered by both.
  bool Overlaps(const RequestScope& other) const;
  bool operator==(const RequestScope&) const = default;
};

// Whether a header field of this name makes some servers take another method, or another path.
bool OverridesMethod(std::string_view field);
bool OverridesPath(std::string_view field);

}  // namespace aileron
