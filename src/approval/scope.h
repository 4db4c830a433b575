// Scope: how far a decision reaches.
//
//   once        the question that was answered, and nothing else
//   times N     N in all, the answered question being the first
//   until T     questions of this session with the same key, before T
//   session     … as long as the session lives
//   always      … of every session, until it is revoked
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace aileron::approval {

enum class ScopeKind { kOnce, kTimes, kUntil, kSession, kAlways };
inline constexpr auto kScopeKinds =
    std::to_array({ScopeKind::kOnce, ScopeKind::kTimes, ScopeKind::kUntil, ScopeKind::kSession,
                   ScopeKind::kAlways});
// "once", "times", "until", "session", "always".
std::string_view ScopeName(ScopeKind kind);
std::optional<ScopeKind> ParseScopeKind(std::string_view name);

struct Scope {
  ScopeKind kind = ScopeKind::kOnce;
  std::int64_t times = 0;  // of kTimes
  Time until{};            // of kUntil

  static Scope Once() { return {}; }
  static Scope Times(std::int64_t times) { return {.kind = ScopeKind::kTimes, .times = times}; }
  static Scope Until(Time until) { return {.kind = ScopeKind::kUntil, .until = until}; }
  static Scope Session() { return {.kind = ScopeKind::kSession}; }
  static Scope Always() { return {.kind = ScopeKind::kAlways}; }
  bool operator==(const Scope&) const = default;
};

// kInvalid when the number is not 1..limits::kTimesMax, or the time is not after `now`.
Status CheckScope(const Scope& scope, Time now);

// "once", "3 times", "until 2026-11-23T23:15:09.123Z", "this session", "always".
std::string ScopeText(const Scope& scope);

}  // namespace aileron::approval
