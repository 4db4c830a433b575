#include "connector/arguments.h"

#include <algorithm>

#include "base/text.h"
#include "connector/check.h"
#include "connector/limits.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

constexpr std::size_t kQuotedMax = 100;

Status CheckDeep(std::string_view name, const json& value, std::size_t depth = 1) {
  if (depth > limits::kArgumentDepthMax) {
    return Fail(Code::kInvalid, "\"{}\" is nested deeper than {} levels", name,
                limits::kArgumentDepthMax);
  }
  if (value.is_string() && !IsUtf8(value.get_ref<const std::string&>())) {
    return Fail(Code::kInvalid, "\"{}\" is not UTF-8", name);
  }
  if (!value.is_structured()) return {};
  for (const auto& [key, item] : value.items()) {
    if (!IsUtf8(key)) return Fail(Code::kInvalid, "\"{}\" has a key that is not UTF-8", name);
    AILERON_TRY(CheckDeep(name, item, depth + 1));
  }
  return {};
}

std::unexpected<Error> Unknown(const Operation& operation, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Input& input : operation.inputs) names.push_back(input.name);
  const auto near = NearestWord(name.substr(0, kQuotedMax), names);
  return Fail(Code::kInvalid, "{} has no argument \"{}\"{}", operation.name,
              Printable(name.substr(0, kQuotedMax)),
              near ? fmt::format(". Did you mean \"{}\"?", *near)
                   : fmt::format(". It takes {}", names.empty()
                                                      ? std::string("none")
                                                      : fmt::format("{}", fmt::join(names, ", "))));
}

// Copying and writing JSON takes stack for each level, and a stranger chooses how many there are.
bool IsShallow(const json& value) { return CheckDeep("", value).has_value(); }

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// At most `most` bytes, cut between characters.
std::string Shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  return fmt::format("{}…", BeginningOf(text, most));
}

std::string ShownValue(const json& value) {
  // The beginning is enough, and a long text is not copied for it.
  const std::string text =
      value.is_string() ? Shortened(value.get_ref<const std::string&>(), limits::kDescribedValueMax)
                        : Shortened(value.dump(-1, ' ', false, json::error_handler_t::replace),
                                    limits::kDescribedValueMax);
  const std::string shown = Printable(text);
  const bool plain = !shown.empty() && shown.find_first_of(" =\"") == std::string::npos;
  return plain || !value.is_string() ? shown : fmt::format("\"{}\"", shown);
}

}  // namespace

Status CheckArguments(const Operation& operation, const json& arguments) {
  if (!arguments.is_object()) {
    return Fail(Code::kInvalid, "the arguments of {} must be an object of names and values",
                operation.name);
  }
  for (const auto& [name, value] : arguments.items()) {
    const Input* input = operation.Find(name);
    if (input == nullptr) return Unknown(operation, name);
    AILERON_TRY(CheckDeep(name, value));
    if (const auto misfit = Misfit(*input, value)) return Fail(Code::kInvalid, "{}", *misfit);
  }
  for (const Input& input : operation.inputs) {
    if (!input.required || arguments.contains(input.name) || !input.default_value.is_null()) {
      continue;
    }
    return Fail(Code::kInvalid, "{} needs the argument \"{}\"{}", operation.name, input.name,
                input.description.empty()
                    ? ""
                    : fmt::format(" ({})", Shortened(Split(input.description, '\n').front(),
                                                     limits::kDescribedValueMax)));
  }
  return {};
}

json MaskedArguments(const Operation& operation, const json& arguments) {
  json masked = json::object();
  if (!arguments.is_object()) return masked;
  for (const auto& [name, value] : arguments.items()) {
    if (operation.Find(name) == nullptr || !IsShallow(value)) continue;
    masked[name] = Contains(operation.redacted, name) ? json(kMask) : value;
  }
  return masked;
}

json RecordedArguments(const Operation& operation, const json& arguments) {
  json recorded = json::object();
  if (!arguments.is_object()) return recorded;
  for (const std::string& name : operation.recorded) {
    const auto found = arguments.find(name);
    if (Contains(operation.redacted, name) || found == arguments.end()) continue;
    if (IsShallow(*found)) recorded[name] = *found;
  }
  return recorded;
}

std::string Describe(const Operation& operation, const json& arguments) {
  std::string line = operation.summary;
  char separator = ':';
  if (!arguments.is_object()) return Printable(Shortened(line, limits::kDescribedMax));
  // In the spec's order: what says where and what comes first there.
  for (const Input& input : operation.inputs) {
    const auto found = arguments.find(input.name);
    if (found == arguments.end() || !(found->is_string() || IsShallow(*found))) continue;
    if (separator == ':') line += std::exchange(separator, ' ');
    const std::string value =
        Contains(operation.redacted, input.name) ? std::string(kMask) : ShownValue(*found);
    line += fmt::format(" {}={}", input.name, value);
    if (line.size() > limits::kDescribedMax) break;
  }
  return Printable(Shortened(line, limits::kDescribedMax));
}

json PreviewArguments(const Operation& operation, const json& arguments) {
  json shown = json::object();
  if (!operation.preview || !arguments.is_object()) return shown;
  for (const auto& [theirs, ours] : operation.preview->inputs) {
    if (const auto found = arguments.find(ours); found != arguments.end()) {
      shown[theirs] = *found;
      continue;
    }
    const Input* input = operation.Find(ours);
    if (input != nullptr && !input->default_value.is_null()) shown[theirs] = input->default_value;
  }
  return shown;
}

Result<json> EditedArguments(const Operation& operation, const json& arguments, const json& edits) {
  if (!edits.is_object() || !arguments.is_object()) {
    return Fail(Code::kInvalid, "changes must be an object of names and values");
  }
  AILERON_TRY(CheckArguments(operation, arguments));
  json edited = arguments;
  for (const auto& [name, value] : edits.items()) {
    if (!Contains(operation.editable, name)) {
      return Fail(Code::kInvalid, "\"{}\" of {} cannot be changed{}",
                  Printable(std::string_view(name).substr(0, kQuotedMax)), operation.name,
                  operation.editable.empty()
                      ? ""
                      : fmt::format("; {} can", fmt::join(operation.editable, ", ")));
    }
    AILERON_TRY(CheckDeep(name, value));
    edited[name] = value;
  }
  AILERON_TRY(CheckArguments(operation, edited));
  return edited;
}

}  // namespace aileron::connector
