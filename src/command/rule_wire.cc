#include "command/rule_wire.h"

#include "command/limits.h"

namespace aileron::command {

void WriteRule(WireWriter& writer, const CommandRule& rule) {
  writer.U8(static_cast<std::uint8_t>(rule.layer));
  writer.U8(static_cast<std::uint8_t>(rule.action));
  writer.U8(rule.narrows ? 1 : 0);
  for (const std::string* text : {&rule.pattern, &rule.by, &rule.reason, &rule.id, &rule.source}) {
    writer.Text(*text);
  }
  writer.Texts(rule.redirect);
}

std::optional<CommandRule> ReadRule(WireReader& reader) {
  CommandRule rule;
  const std::uint8_t layer = reader.U8(), action = reader.U8(), narrows = reader.U8();
  bool fits = layer <= static_cast<std::uint8_t>(Layer::kFlag) &&
              action <= static_cast<std::uint8_t>(Action::kDeny) && narrows <= 1;
  const auto take = [&] {
    const std::string_view text = reader.Text();
    fits = fits && text.size() <= limits::kRuleTextMax;
    return fits ? std::string(text) : std::string();
  };
  for (std::string* text : {&rule.pattern, &rule.by, &rule.reason, &rule.id, &rule.source}) {
    *text = take();
  }
  const std::uint32_t words = reader.U32();
  if (!fits || words > limits::kRedirectWords) return std::nullopt;
  for (std::uint32_t i = 0; i < words && !reader.failed(); ++i) rule.redirect.push_back(take());
  if (!fits) return std::nullopt;
  rule.layer = static_cast<Layer>(layer);
  rule.action = static_cast<Action>(action);
  rule.narrows = narrows != 0;
  return rule;
}

}  // namespace aileron::command
