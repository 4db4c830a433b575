// Points in time and lengths of it, and how they are written.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron {

// Wall-clock time, in microseconds since 1970-01-01T00:00:00Z. For records; never for deadlines.
using Time = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// The wall clock. Cores do not call it: they are handed a Time.
Time Now();

// Since this machine was started, the time that it slept included. Nothing sets it back, so a
// deadline that counts by it cannot be moved by setting the clock.
Duration Uptime();

// RFC 3339 in UTC with milliseconds: 2026-11-23T23:15:09.123Z
std::string FormatTime(Time time);
// The same grammar, fraction optional.
Result<Time> ParseTime(std::string_view text);

// "250ms", "30s", "15m", "8h", "2d"; a bare number is refused, since nobody knows its unit.
Result<Duration> ParseDuration(std::string_view text);
// The shortest of the same: 90 s is "1m30s".
std::string FormatDuration(Duration duration);

}  // namespace aileron
