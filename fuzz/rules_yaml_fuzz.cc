// The user's rules: whatever the text, it is refused with its place, or compiles; and a rule that
// denies every request of a host denies whatever is asked of it.
#include "fuzz/pieces.h"
#include "policy/rules_yaml.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  auto rules = ParseRules(text, "rules.yaml");
  if (!rules) {
    Expect(rules.error().message.starts_with("rules.yaml"));
    return 0;
  }
  std::vector<RequestRule> requests = std::move(rules->requests);
  requests.push_back(ParseRequestRule(Action::kDeny, "* a.example/**").value());
  auto compiled = RequestRules::Compile(std::move(requests));
  if (!compiled) return 0;
  const RequestRule* rule =
      compiled->Decide({"a.example", 443, text.substr(0, 10), text.substr(0, 200), {}});
  Expect(rule != nullptr && rule->action == Action::kDeny);
  return 0;
}
