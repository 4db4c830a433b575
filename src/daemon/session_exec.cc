#include "daemon/session_exec.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/limits.h"
#include "daemon/members.h"
#include "daemon/request.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

// C strings of a system call.
Status CheckText(const char* name, std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return {};
  return Fail(Code::kInvalid, "\"{}\" holds a NUL byte", name);
}

Status CheckVariables(const std::vector<std::string>& variables) {
  for (const std::string& variable : variables) {
    AILERON_TRY(CheckText("environment", variable));
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0)
      return Fail(Code::kInvalid, "\"environment\": write each as NAME=VALUE");
  }
  return {};
}

Result<unsigned> ReadNumber(std::int64_t number, const char* name, std::int64_t most) {
  if (number < 0 || number > most)
    return Fail(Code::kInvalid, "\"{}\" must be from 0 to {}", name, most);
  return static_cast<unsigned>(number);
}

}  // namespace

Result<ExecRequest> ParseExec(std::string_view body) {
  AILERON_ASSIGN(const json object, ObjectIn(body));
  Members members(object, "");
  ExecRequest request;
  std::int64_t terminals = 0, rows = 0, columns = 0;
  AILERON_TRY(members.Texts("command", request.command, limits::kExecWords, limits::kExecBytes));
  AILERON_TRY(
      members.Texts("environment", request.environment, limits::kExecWords, limits::kExecBytes));
  AILERON_TRY(members.Text("workdir", request.workdir, limits::kExecFolder));
  AILERON_TRY(members.Number("terminals", terminals));
  AILERON_TRY(members.Flag("input", request.input));
  AILERON_TRY(members.Number("rows", rows));
  AILERON_TRY(members.Number("columns", columns));
  AILERON_TRY(members.Done());
  if (request.command.empty() || request.command.front().empty())
    return Fail(Code::kInvalid, "\"command\" is empty: there is nothing to run");
  for (const std::string& word : request.command) AILERON_TRY(CheckText("command", word));
  AILERON_TRY(CheckVariables(request.environment));
  AILERON_TRY(CheckText("workdir", request.workdir));
  if (!request.workdir.empty() && !request.workdir.starts_with('/'))
    return Fail(Code::kInvalid, "\"workdir\" is no absolute path of the sandbox");
  AILERON_ASSIGN(request.terminals, ReadNumber(terminals, "terminals", 7));
  AILERON_ASSIGN(request.rows, ReadNumber(rows, "rows", 65535));
  AILERON_ASSIGN(request.columns, ReadNumber(columns, "columns", 65535));
  return request;
}

std::string ExecLine(const ExecRequest& request, const Sentinels& sentinels) {
  return RecordedLine({.words = request.command}, sentinels);
}

json ExecWord(const ExecRequest& request, const std::string& line) {
  return {{"type", "exec"},
          {"line", line},
          {"command", request.command},
          {"environment", request.environment},
          {"workdir", request.workdir},
          {"terminals", request.terminals},
          {"input", request.input},
          {"rows", request.rows},
          {"columns", request.columns}};
}

Result<std::string> ExecEndIn(const json& message) {
  const auto line = message.find("line");
  const auto code = message.find("code");
  if (line == message.end() || !line->is_string() || code == message.end() ||
      !code->is_number_integer())
    return Fail(Code::kInvalid, "the end of a command without line or code");
  const auto number = code->get<std::int64_t>();
  if (number < 0 || number > 255) return Fail(Code::kInvalid, "an exit code that is none");
  // What a record takes, and what stands before and behind.
  const std::string text = line->get<std::string>().substr(0, 2 * limits::kRecordedLine);
  return fmt::format("{}: exit code {}", Printable(text), number);
}

}  // namespace aileron::daemon
