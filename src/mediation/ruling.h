// Ruling: what becomes of an execution, by what the rules say of it alone
// (command::Scope::kItself). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command/rules.h"

namespace aileron::mediation {

// Exit codes of what stands in for a command.
inline constexpr int kRefusedCode = 126;
inline constexpr int kPendingCode = 75;

// Whether it is what a redirect runs: that is judged as well, and not redirected again.
enum class Turn : std::uint8_t { kFirst, kRedirected };

struct Ruling {
  enum class Kind : std::uint8_t { kLet, kAsk, kRefuse, kRedirect };
  Kind kind = Kind::kRefuse;
  std::string action;  // for the record: "allow", "record", "deny", "redirect"; empty of kAsk
  std::string rule;    // its id
  std::string code;
  std::string reason;                // of kAsk: why a person is asked
  std::string text;                  // of the others, what the agent is told
  std::vector<std::string> command;  // of kRedirect
};

Ruling RuleOn(const command::CommandVerdict& verdict, const command::Execution& execution,
              Turn turn);

// "aileron: WHAT: WHY", and the way out on a line of its own, safe to print, within
// limits::kRefusalText.
std::string RefusalText(std::string_view what, std::string_view why, std::string_view hint);

}  // namespace aileron::mediation
