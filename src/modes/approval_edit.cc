#include "modes/approval_edit.h"

#include <vector>

#include "base/text.h"
#include "connector/connector.h"
#include "connector/flags.h"

namespace aileron::modes {

namespace {

std::string Shown(const Json& value) { return EscapedJson(Compact(value)); }

std::unexpected<Error> NotEditable(const Json& approval, std::string_view name) {
  std::vector<std::string> names;
  for (const Json& input : ListOf(approval, "inputs")) names.push_back(TextOf(input, "name"));
  const std::string shown = Printable(name.substr(0, 100));
  if (names.empty()) {
    return Fail(Code::kInvalid,
                "the argument \"{}\" cannot be changed: nothing of this question can", shown);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = NearestWord(name.substr(0, 100), views);
  return Fail(Code::kInvalid, "the argument \"{}\" cannot be changed. {}", shown,
              near ? fmt::format("Did you mean \"{}\"?", *near)
                   : fmt::format("What can: {}", fmt::join(names, ", ")));
}

const Json* FindInput(const Json& approval, std::string_view name) {
  for (const Json& input : ListOf(approval, "inputs")) {
    if (TextOf(input, "name") == name) return &input;
  }
  return nullptr;
}

connector::Type TypeOf(const Json& input, std::string_view member) {
  for (const auto& word : connector::kTypeWords) {
    if (word.text == TextOf(input, member)) return word.value;
  }
  return connector::Type::kString;
}

Result<Json> ParseEdits(std::string_view text) {
  // Deep nesting would cost stack; the daemon takes less.
  constexpr int kDepth = 64;
  bool deep = false;
  Json edits = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, Json&) {
        deep |= depth > kDepth;
        return !deep;
      },
      /*allow_exceptions=*/false);
  if (deep) return Fail(Code::kInvalid, "the arguments nest deeper than {} levels", kDepth);
  if (!edits.is_object()) {
    return Fail(Code::kInvalid,
                "the arguments are not a JSON object, as in '{{\"name\": \"value\"}}'");
  }
  return edits;
}

}  // namespace

Result<Json> EditsFromFlags(const Json& approval, std::span<const std::string> settings) {
  Json edits = Json::object();
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(Code::kInvalid, "--set: write it as NAME=VALUE, not \"{}\"",
                  Printable(std::string_view(setting).substr(0, 100)));
    }
    const std::string name = setting.substr(0, equals);
    const Json* found = FindInput(approval, name);
    if (found == nullptr) return NotEditable(approval, name);
    const connector::Input input{
        .name = name, .type = TypeOf(*found, "type"), .items = TypeOf(*found, "items")};
    AILERON_ASSIGN(Json value, connector::ParseValue(input, name,
                                                     std::string_view(setting).substr(equals + 1)));
    if (input.type == connector::Type::kArray) {
      edits[name].push_back(std::move(value));
    } else if (edits.contains(name)) {
      return Fail(Code::kInvalid, "--set: \"{}\" is given twice", name);
    } else {
      edits[name] = std::move(value);
    }
  }
  return edits;
}

Result<Json> EditsFromJson(const Json& approval, std::string_view text) {
  AILERON_ASSIGN(Json edits, ParseEdits(text));
  for (const auto& [name, value] : edits.items()) {
    if (FindInput(approval, name) == nullptr) return NotEditable(approval, name);
  }
  return edits;
}

std::string EditableText(const Json& approval) {
  Json values = Json::object();
  for (const Json& input : ListOf(approval, "inputs")) {
    values[TextOf(input, "name")] = input.value("value", Json());
  }
  return (Pretty(values));
}

Result<Json> EditsFromText(const Json& approval, std::string_view text) {
  AILERON_ASSIGN(Json edits, EditsFromJson(approval, text));
  for (auto one = edits.begin(); one != edits.end();) {
    const Json* input = FindInput(approval, one.key());
    one = one.value() == input->value("value", Json()) ? edits.erase(one) : std::next(one);
  }
  return edits;
}

std::string DifferenceText(const Json& approval, const Json& edits, Colour colour) {
  std::string text;
  for (const auto& [name, value] : edits.items()) {
    const Json* input = FindInput(approval, name);
    const Json before = input == nullptr ? Json() : input->value("value", Json());
    if (before == value) continue;
    if (!before.is_null()) {
      text += Paint(colour, Style::kRed, fmt::format("- {}: {}", Printable(name), Shown(before))) +
              "\n";
    }
    text +=
        Paint(colour, Style::kGreen, fmt::format("+ {}: {}", Printable(name), Shown(value))) + "\n";
  }
  return text;
}

}  // namespace aileron::modes
