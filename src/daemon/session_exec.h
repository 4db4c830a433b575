// Commands that a person runs beside an agent: what is asked, what the launcher is told, and what
// is recorded (ADR 0028).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/command_question.h"

namespace aileron::daemon {

struct ExecRequest {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=VALUE, besides the agent's
  std::string workdir;                   // absolute; empty: the agent's
  unsigned terminals = 0;                // bit N: descriptor N is a terminal
  bool input = true;
  unsigned rows = 0, columns = 0;
};

// The body of POST /v1/sessions/{id}/exec. kInvalid names what is wrong with it.
Result<ExecRequest> ParseExec(std::string_view body);
// Its words as they are recorded: masked, and not longer than a record takes.
std::string ExecLine(const ExecRequest& request, const Sentinels& sentinels);
// For the launcher; `line` comes back with the end.
nlohmann::json ExecWord(const ExecRequest& request, const std::string& line);
// "LINE: exit code N" of a launcher's "exec_ended".
Result<std::string> ExecEndIn(const nlohmann::json& message);

}  // namespace aileron::daemon
