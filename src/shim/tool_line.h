// A tool's command line: which operation is meant, and with which arguments.
//
//   line  = *own operation *( flag | own )       operation: "issues create" or "issues.create"
//   own   = "--args" JSON | "--args" "-" | "--json" | "--no-wait" | "--timeout" DURATION
//         | "--help" | "-h"                      JSON from standard input for "-"
//   flag  = the operation's (connector/flags.h)
//
// Behind the operation a flag that the operation has itself is the operation's; before it, it is
// ours. A flag's value is its value, whatever it looks like: text of a stranger that stands there
// is never read as a flag.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "connector/connector.h"

namespace aileron::shim {

struct ToolLine {
  std::string help;  // to be printed, and nothing else done
  const connector::Operation* operation = nullptr;
  std::vector<std::string> flags;        // the operation's
  std::optional<std::string> arguments;  // of --args
  bool json = false;
  bool wait = true;
  std::optional<Duration> timeout;

  bool reads_input() const { return arguments == "-"; }
};

// The first word of a line that a shell completes; what the last word can become is printed then,
// a line each.
inline constexpr std::string_view kCompleteWord = "__complete";
std::vector<std::string> CompleteToolLine(const connector::Connector& connector,
                                          const connector::Tool& tool,
                                          std::span<const std::string> words);

// kInvalid or kNotFound says what is wrong, with the nearest word that is right. Borrows the
// connector.
Result<ToolLine> ReadToolLine(const connector::Connector& connector, const connector::Tool& tool,
                              std::span<const std::string> words);

// The operation's arguments, checked. `input` is what standard input held, where the line reads it.
Result<nlohmann::json> ArgumentsOf(const ToolLine& line, std::string_view input);

}  // namespace aileron::shim
