// RequestScope: the requests that something is narrowed to, by method and path.
//
// An empty list means any. Both lists must agree; what is in doubt is not covered: an ambiguous
// path (base/path_pattern.h), and fields by which some servers replace the method or the path
// (OverridesMethod, OverridesPath), which the caller reports.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/path_pattern.h"

namespace aileron {

struct RequestScope {
  std::vector<std::string> methods;  // in capitals
  std::vector<PathPattern> paths;

  bool everything() const { return methods.empty() && paths.empty(); }
  // `path` as it stands in the request, without the query.
  bool Covers(std::string_view method, std::string_view path) const;
  // Whether some request is covered by both.
  bool Overlaps(const RequestScope& other) const;
  bool operator==(const RequestScope&) const = default;
};

// Whether a header field of this name makes some servers take another method, or another path.
bool OverridesMethod(std::string_view field);
bool OverridesPath(std::string_view field);

}  // namespace aileron
