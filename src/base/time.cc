#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <limits>

#include "base/text.h"

namespace aileron {

using std::chrono::duration_cast;

Duration Uptime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(now.tv_sec) +
                                              std::chrono::nanoseconds(now.tv_nsec));
}

Time Now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

std::string FormatTime(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{duration_cast<std::chrono::milliseconds>(time - day)};
  // Digit by digit: each audit record has a time, and a format string costs 30 times as much.
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t at, std::size_t digits, std::int64_t value) {
    for (std::size_t i = at + digits; i-- > at; value /= 10) {
      text[i] = static_cast<char>('0' + value % 10);
    }
  };
  put(0, 4, std::clamp(static_cast<int>(date.year()), 0, 9999));
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  put(20, 3, clock.subseconds().count());
  return text;
}

Result<Time> ParseTime(std::string_view text) {
  int year = 0;
  unsigned month = 0, day = 0;
  int hour = 0, minute = 0, second = 0, used = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6) {
    return Fail(Code::kInvalid, "\"{}\" is not a time; write it as 2026-11-23T23:15:09Z", text);
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  std::string_view rest = text.substr(static_cast<std::size_t>(used));
  Duration fraction{0};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::int64_t unit = 100'000;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      fraction += Duration((rest.front() - '0') * unit);
      unit /= 10;
      rest.remove_prefix(1);
    }
  }
  if (!date.ok() || rest != "Z" || hour > 23 || minute > 59 || second > 60) {
    return Fail(Code::kInvalid, "\"{}\" is not a time; write it as 2026-11-23T23:15:09Z", text);
  }
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + fraction;
}

namespace {

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr std::array kUnits = {Unit{"d", std::chrono::days(1)}, Unit{"h", std::chrono::hours(1)},
                               Unit{"m", std::chrono::minutes(1)},
                               Unit{"s", std::chrono::seconds(1)},
                               Unit{"ms", std::chrono::milliseconds(1)}};

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  const auto bad = [&] {
    return Fail(Code::kInvalid, "\"{}\" is not a duration; write it as 30s, 15m, 8h or 2d", text);
  };
  std::string_view rest = text;
  Duration total{0};
  if (rest.empty()) return bad();
  while (!rest.empty()) {
    const auto digits = rest.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) return bad();
    const auto number = ParseInteger<std::int64_t>(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const auto name_end = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::string_view name = rest.substr(0, name_end);
    rest.remove_prefix(name_end);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (candidate.name == name) unit = &candidate;
    }
    if (unit == nullptr || !number) return bad();
    if (*number > std::numeric_limits<std::int64_t>::max() / unit->length.count() / 2) return bad();
    total += unit->length * *number;
  }
  return total;
}

std::string FormatDuration(Duration duration) {
  std::string text;
  for (const Unit& unit : kUnits) {
    const auto count = duration / unit.length;
    if (count == 0) continue;
    text += fmt::format("{}{}", count, unit.name);
    duration -= unit.length * count;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace aileron
