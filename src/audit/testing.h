// For the tests of the audit log: logs with something in them.
#pragma once

#include "audit/log.h"

namespace aileron::audit {

inline const Time kTestTime = *ParseTime("2026-11-23T12:00:00Z");

inline Record TestRecord(int number, std::string_view session = "01JDA") {
  return {.time = kTestTime + std::chrono::seconds(number),
          .kind = "request",
          .session = std::string(session),
          .actor = "agent",
          .host = "api.example.com",
          .port = 443,
          .method = "GET",
          .path = fmt::format("/v1/items/{}", number),
          .action = "allow",
          .rule = "user:1",
          .code = "ok",
          .credential = "token/example",
          .status = 200,
          .bytes_up = 120,
          .bytes_down = 4096,
          .duration_us = 1500};
}

inline AuditLog OpenLog(const std::string& folder) {
  auto log = AuditLog::Open(folder);
  if (!log) fmt::print(stderr, "{}\n", log.error().message);
  AILERON_CHECK(log.has_value());
  return *std::move(log);
}

// Records from..to, one batch each `batch` of them.
inline void Fill(AuditLog& log, int from, int to, int batch = 10) {
  std::vector<Record> records;
  for (int i = from; i <= to; ++i) {
    records.push_back(TestRecord(i));
    if (static_cast<int>(records.size()) == batch || i == to) {
      AILERON_CHECK(log.Append(records).has_value());
      records.clear();
    }
  }
}

}  // namespace aileron::audit
