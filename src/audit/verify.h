// VerifyLog: what is wrong with an audit log, record by record. What it can and cannot show stands
// in log.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace aileron::audit {

// The three files, in one folder.
struct LogPaths {
  explicit LogPaths(const std::string& folder)
      : database(folder + "/audit.db"), head(folder + "/audit.head"), key(folder + "/audit.key") {}
  std::string database;
  std::string head;
  std::string key;
};

struct Problem {
  std::uint64_t seq = 0;  // 0: the log as a whole
  std::string what;
};

struct VerifyReport {
  std::uint64_t records = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t last_seq = 0;
  std::vector<Problem> problems;  // the first limits::kProblemsMax
  bool ok() const { return problems.empty(); }
};

// Walks the whole log on a connection of its own (read-only), so a thread can do it beside the
// writer. An error means that it could not be read at all.
Result<VerifyReport> VerifyLog(const LogPaths& paths);

}  // namespace aileron::audit
