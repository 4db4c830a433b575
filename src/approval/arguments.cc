#include "approval/arguments.h"

#include <nlohmann/json.hpp>

#include "approval/limits.h"
#include "base/text.h"

namespace aileron::approval {

namespace {

using nlohmann::json;

// Writing and freeing JSON goes as deep as the text does: depth is refused while it is read.
Result<json> ParseObject(std::string_view text, std::string_view what) {
  if (text.size() > limits::kArgumentsMax) {
    return Fail(Code::kInvalid, "the {} are too large: {} bytes, at most {} are possible", what,
                text.size(), limits::kArgumentsMax);
  }
  bool too_deep = false;
  const auto shallow = [&](int depth, json::parse_event_t, json&) {
    too_deep |= depth > limits::kArgumentsDepth;
    return !too_deep;
  };
  json value = json::parse(text, shallow, /*allow_exceptions=*/false);
  if (too_deep) {
    return Fail(Code::kInvalid, "the {} are nested more than {} deep", what,
                limits::kArgumentsDepth);
  }
  if (!value.is_object()) return Fail(Code::kInvalid, "the {} are not a JSON object", what);
  return value;
}

}  // namespace

Status CheckArguments(std::string_view text) {
  AILERON_TRY(ParseObject(text, "arguments"));
  return {};
}

Result<EditedArguments> EditArguments(std::string_view arguments,
                                      std::span<const std::string> editable,
                                      std::string_view edits) {
  json value = json::object();
  if (!arguments.empty()) {
    AILERON_ASSIGN(value, ParseObject(arguments, "arguments"));
  }
  AILERON_ASSIGN(const json changes, ParseObject(edits, "edited arguments"));
  EditedArguments edited;
  for (const auto& [name, change] : changes.items()) {
    if (std::ranges::find(editable, name) == editable.end()) {
      return Fail(Code::kInvalid, "the argument \"{}\" may not be changed; possible: {}",
                  Printable(name), editable.empty() ? "none" : Join(editable, ", "));
    }
    const auto before = value.find(name);
    if (before != value.end() && *before == change) continue;
    value[name] = change;
    edited.names.push_back(name);
  }
  edited.text = edited.names.empty()
                    ? std::string(arguments)
                    : value.dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
  if (edited.text.size() > limits::kArgumentsMax) {
    return Fail(Code::kInvalid, "the arguments are too large with these changes: at most {} bytes",
                limits::kArgumentsMax);
  }
  return edited;
}

}  // namespace aileron::approval
