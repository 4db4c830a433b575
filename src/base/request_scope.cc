#include "base/request_scope.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace aileron {
namespace {

constexpr std::string_view kMethodFields[] = {"x-http-method", "x-http-method-override",
                                              "x-method-override"};
constexpr std::string_view kPathFields[] = {"x-original-url", "x-rewrite-url", "x-original-uri",
                                            "x-override-url"};

bool Named(std::span<const std::string_view> names, std::string_view field) {
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return EqualsIgnoreCase(name, field); });
}

}  // namespace

bool IsMethodName(std::string_view text) {
  return !text.empty() && text.size() <= kMethodMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool RequestScope::Covers(std::string_view method, std::string_view path) const {
  return Covers(method, paths.empty() ? Segments() : NormalPath(path));
}

bool RequestScope::Covers(std::string_view method, const Segments& segments) const {
  if (!methods.empty() && std::ranges::find(methods, method) == methods.end()) return false;
  if (paths.empty()) return true;
  return segments && std::ranges::any_of(paths, [&](const PathPattern& pattern) {
           return pattern.Matches(*segments);
         });
}

bool RequestScope::MayCover(std::string_view method, std::string_view path, Overrides doubt) const {
  return MayCover(method, paths.empty() || doubt.path ? Segments() : NormalPath(path), doubt);
}

bool RequestScope::MayCover(std::string_view method, const Segments& segments,
                            Overrides doubt) const {
  const bool method_meant =
      methods.empty() || doubt.method || std::ranges::any_of(methods, [&](const std::string& one) {
        return EqualsIgnoreCase(one, method);
      });
  if (!method_meant) return false;
  if (paths.empty() || doubt.path) return true;
  return !segments || std::ranges::any_of(paths, [&](const PathPattern& pattern) {
    return pattern.MayMean(*segments);
  });
}

bool RequestScope::Overlaps(const RequestScope& other) const {
  const bool methods_meet =
      methods.empty() || other.methods.empty() ||
      std::ranges::any_of(methods, [&](const std::string& method) {
        return std::ranges::find(other.methods, method) != other.methods.end();
      });
  const bool paths_meet = paths.empty() || other.paths.empty() ||
                          std::ranges::any_of(paths, [&](const PathPattern& mine) {
                            return std::ranges::any_of(other.paths, [&](const PathPattern& theirs) {
                              return mine.Overlaps(theirs);
                            });
                          });
  return methods_meet && paths_meet;
}

bool OverridesMethod(std::string_view field) { return Named(kMethodFields, field); }
bool OverridesPath(std::string_view field) { return Named(kPathFields, field); }

}  // namespace aileron
