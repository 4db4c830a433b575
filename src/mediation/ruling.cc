#include "mediation/ruling.h"

#include "base/text.h"
#include "mediation/limits.h"

namespace aileron::mediation {

using command::Action;
using command::CommandVerdict;
using command::Execution;

namespace {

// What a person would call it.
std::string NameOf(const CommandVerdict& verdict, const Execution& execution) {
  if (!verdict.command.empty()) return verdict.command;
  return execution.argv.empty() ? execution.executable : execution.argv.front();
}

Ruling Let(const CommandVerdict& verdict) {
  const bool recorded = verdict.recorded != nullptr;
  const command::CommandRule* rule = recorded ? verdict.recorded : verdict.rule;
  return {.kind = Ruling::Kind::kLet,
          .action = recorded ? "record" : "allow",
          .rule = rule != nullptr ? rule->id : ""};
}

}  // namespace

Ruling RuleOn(const CommandVerdict& verdict, const Execution& execution, Turn turn) {
  if (verdict.action == Action::kAllow || verdict.action == Action::kRecord) return Let(verdict);
  if (verdict.action == Action::kRedirect && turn == Turn::kRedirected) return Let(verdict);
  Ruling ruling{.kind = Ruling::Kind::kRefuse,
                .action = "deny",
                .rule = verdict.rule != nullptr ? verdict.rule->id : "",
                .code = std::string(verdict.code),
                .reason = verdict.reason,
                .text = RefusalText(NameOf(verdict, execution), verdict.reason, verdict.hint)};
  if (verdict.action == Action::kAsk) {
    ruling.kind = Ruling::Kind::kAsk;
    ruling.action.clear();
  } else if (verdict.action == Action::kRedirect) {
    ruling.kind = Ruling::Kind::kRedirect;
    ruling.action = "redirect";
    ruling.command = verdict.redirect;
  }
  return ruling;
}

std::string RefusalText(std::string_view what, std::string_view why, std::string_view hint) {
  constexpr std::size_t kWhat = 256;
  std::string text = "aileron: " + Printable(what.substr(0, kWhat));
  if (what.size() > kWhat) text += "...";
  if (!why.empty()) text += ": " + Printable(why.substr(0, limits::kToldText));
  if (!hint.empty()) text += "\naileron: " + Printable(hint.substr(0, limits::kToldText));
  return text.substr(0, limits::kRefusalText);
}

}  // namespace aileron::mediation
