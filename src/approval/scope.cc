#include "approval/scope.h"

#include "approval/limits.h"

namespace aileron::approval {

std::string_view ScopeName(ScopeKind kind) {
  switch (kind) {
    case ScopeKind::kOnce:
      return "once";
    case ScopeKind::kTimes:
      return "times";
    case ScopeKind::kUntil:
      return "until";
    case ScopeKind::kSession:
      return "session";
    case ScopeKind::kAlways:
      return "always";
  }
  return "once";
}

std::optional<ScopeKind> ParseScopeKind(std::string_view name) {
  for (const ScopeKind kind : kScopeKinds) {
    if (ScopeName(kind) == name) return kind;
  }
  return std::nullopt;
}

Status CheckScope(const Scope& scope, Time now) {
  if (scope.kind == ScopeKind::kTimes && (scope.times < 1 || scope.times > limits::kTimesMax)) {
    return Fail(Code::kInvalid, "{} times is not possible: say a number from 1 to {}", scope.times,
                limits::kTimesMax);
  }
  if (scope.kind == ScopeKind::kUntil && scope.until <= now) {
    return Fail(Code::kInvalid, "{} is not in the future: say a later time",
                FormatTime(scope.until));
  }
  return {};
}

std::string ScopeText(const Scope& scope) {
  switch (scope.kind) {
    case ScopeKind::kTimes:
      return fmt::format("{} time{}", scope.times, scope.times == 1 ? "" : "s");
    case ScopeKind::kUntil:
      return "until " + FormatTime(scope.until);
    case ScopeKind::kSession:
      return "this session";
    case ScopeKind::kOnce:
    case ScopeKind::kAlways:
      break;
  }
  return std::string(ScopeName(scope.kind));
}

}  // namespace aileron::approval
