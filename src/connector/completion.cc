#include "connector/completion.h"

#include <set>

#include "connector/flags.h"
#include "connector/limits.h"
#include "connector/names.h"
#include "connector/tools.h"

namespace aileron::connector {

namespace {

std::vector<std::string> ListOf(const std::set<std::string>& found) {
  return {found.begin(), found.end()};
}

// Every name in `group` that begins so, without the group.
std::vector<std::string> Names(std::span<const Operation* const> operations, std::string_view group,
                               std::string_view begin) {
  const std::string prefix =
      group.empty() ? std::string(begin) : fmt::format("{}.{}", group, begin);
  const std::size_t cut = prefix.size() - begin.size();
  std::set<std::string> names;
  for (const Operation* operation : operations) {
    if (operation->name.starts_with(prefix)) names.insert(operation->name.substr(cut));
  }
  if (names.size() <= limits::kCompletionsMax) return ListOf(names);
  std::set<std::string> shorter;
  for (const std::string& name : names) {
    const std::size_t dot = name.find('.', begin.size());
    shorter.insert(dot == std::string::npos ? name : name.substr(0, dot + 1));
  }
  return ListOf(shorter);
}

std::vector<std::string> Flags(const Operation* operation, std::string_view begin,
                               std::span<const std::string_view> own) {
  std::set<std::string> flags;
  for (const std::string_view flag : own) flags.emplace(flag);
  if (operation != nullptr) {
    for (const Input& input : operation->inputs) flags.insert("--" + FlagName(input.name));
  }
  std::erase_if(flags, [&](const std::string& flag) { return !flag.starts_with(begin); });
  return ListOf(flags);
}

// The input whose value comes after the word.
const Input* InputOf(const Operation& operation, std::string_view word) {
  if (!word.starts_with("--") || word.contains('=')) return nullptr;
  const Input* input = FindFlag(operation, word.substr(2));
  return input == nullptr || input->type == Type::kBoolean ? nullptr : input;
}

std::vector<std::string> Values(const Input& input, std::string_view begin) {
  std::set<std::string> values;
  for (const nlohmann::json& value : input.allowed) {
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (text.starts_with(begin)) values.insert(std::move(text));
  }
  return ListOf(values);
}

}  // namespace

std::vector<std::string> Complete(const Connector& connector, const Tool& tool,
                                  std::span<const std::string> words,
                                  std::span<const std::string_view> own) {
  if (words.empty()) return {};
  const std::string& last = words.back();
  const auto before = words.first(words.size() - 1);
  const std::string spoken = Spoken(before);
  const auto operations = OperationsOf(connector, tool);
  const auto named = std::ranges::find(operations, spoken, &Operation::name);
  if (named == operations.end()) {
    return last.starts_with('-') ? Flags(nullptr, last, own) : Names(operations, spoken, last);
  }
  if (const Input* input = InputOf(**named, before.back())) return Values(*input, last);
  return Flags(*named, last, own);
}

}  // namespace aileron::connector
