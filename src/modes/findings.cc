#include "modes/findings.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "modes/terminal.h"

namespace aileron::modes {

namespace {

using sandbox::Capability;
using sandbox::State;

constexpr std::array<std::pair<State, std::string_view>, 3> kNames = {
    {{State::kOk, "ok"}, {State::kLimited, "limited"}, {State::kMissing, "missing"}}};

std::string_view StateName(State state) {
  for (const auto& [known, name] : kNames) {
    if (known == state) return name;
  }
  return "missing";
}

Style StyleOf(State state) {
  return state == State::kOk        ? Style::kGreen
         : state == State::kLimited ? Style::kYellow
                                    : Style::kRed;
}

}  // namespace

Json FindingsJson(const std::vector<Capability>& found) {
  Json report = Json::array();
  for (const Capability& capability : found) {
    report.push_back({{"name", capability.name},
                      {"state", StateName(capability.state)},
                      {"detail", capability.detail},
                      {"fix", capability.fix}});
  }
  return report;
}

Result<std::vector<Capability>> ReadFindings(const Json& json) {
  if (!json.is_array()) return Fail(Code::kInvalid, "the findings are no list");
  std::vector<Capability> found;
  for (const Json& one : json) {
    const std::string state = TextOf(one, "state");
    Capability capability{TextOf(one, "name"), State::kMissing, TextOf(one, "detail"),
                          TextOf(one, "fix")};
    bool known = false;
    for (const auto& [value, name] : kNames) {
      if (name != state) continue;
      capability.state = value;
      known = true;
    }
    if (!known) return Fail(Code::kInvalid, "\"{}\" is no state", Printable(state));
    found.push_back(std::move(capability));
  }
  return found;
}

Outcome PrintFindings(const std::vector<Capability>& found, std::string_view first, As as) {
  bool missing = false;
  Grid grid({std::string(first), "STATE", "DETAIL"});
  for (const Capability& capability : found) {
    missing = missing || capability.state == State::kMissing;
    grid.Add({capability.name,
              {std::string(StateName(capability.state)), StyleOf(capability.state)},
              capability.detail});
  }
  if (as == As::kJson) {
    AILERON_TRY(Print(Pretty(FindingsJson(found))));
    return missing ? kExitFailure : 0;
  }
  PrintGrid(grid);
  const Colour colour = ColourOf(STDOUT_FILENO);
  for (const Capability& capability : found) {
    if (capability.fix.empty()) continue;
    AILERON_TRY(Print(fmt::format("\n{}: {}\n", Printable(capability.name),
                                  Paint(colour, Style::kCyan, Printable(capability.fix)))));
  }
  return missing ? kExitFailure : 0;
}

}  // namespace aileron::modes
