// The process's log: one line an event, to stderr (see LogTo). It is for whoever runs aileron;
// what an agent did belongs in the audit log. Never log a secret, a header value, a query or a
// body.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace aileron {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Where lines go: descriptor 2 until this is called. `name` stands in each line (daemon, worker …).
void LogTo(int descriptor, std::string_view name, LogLevel least);
void LogLine(LogLevel level, std::string_view text);
bool LogEnabled(LogLevel level);

template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(LogLevel::kDebug))
    LogLine(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(LogLevel::kInfo))
    LogLine(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace aileron
